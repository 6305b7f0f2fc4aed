// What people see and do on the pretend Jira board.

export class Board {
  constructor(page) {
    this.page = page;
  }

  static async open(world, options) {
    const board = new Board(await world.visitor(options));
    board.scripted = options?.javaScriptEnabled !== false;
    await board.page.goto("/demo/jira/");
    return board;
  }

  /** The card of a key, or those that show these words. Cards of sub-tickets name the ticket above them, too. */
  ticket(words) {
    return this.cards(this.page.getByRole("region", { name: "Board" }), words);
  }

  cards(region, words) {
    const all = region.getByRole("listitem");
    return /^[A-Z]+-\d+$/.test(words) ? all.and(this.page.locator(`#card-${words}`)) : all.filter({ hasText: words });
  }

  /** Waits until a ticket is in a column, by what its card shows. */
  async seenIn(words, status) {
    return this.seen(this.cards(this.page.getByRole("region", { name: new RegExp(`^${status} \\d+$`) }), words));
  }

  /** Waits until something is visible; without script, by looking again. */
  async seen(locator) {
    if (this.scripted) return locator.first().waitFor();
    for (let look = 0; ; look++) {
      try {
        return await locator.first().waitFor({ timeout: 700 });
      } catch (error) {
        if (look === 20) throw error;
        await this.page.reload();
      }
    }
  }

  /** Moves a ticket by the form on its card. */
  async move(key, status) {
    const card = this.ticket(key);
    await card.getByText("Move to…").click();
    await card.getByRole("button", { name: status }).click();
    await this.seenIn(key, status);
  }

  async drag(key, status) {
    const column = this.page.getByRole("region", { name: new RegExp(`^${status} \\d+$`) });
    await this.ticket(key).dragTo(column, { sourcePosition: { x: 20, y: 60 } });
  }

  /** Opens the page of a ticket; its sections are regions. */
  async openTicket(key) {
    await this.page.goto(`/demo/jira/browse/${key}`);
    await this.page.getByRole("heading", { level: 1 }).waitFor();
    return {
      comments: this.page.getByRole("region", { name: /^Comments/ }),
      files: this.page.getByRole("region", { name: /^Attachments/ }),
      status: this.page.getByRole("region", { name: "Status" }),
    };
  }

  /** Acts as somebody else from now on. */
  async actAs(name) {
    const switched = this.page.waitForEvent("load"); // of the page that comes back
    await this.page.getByLabel("You are").selectOption({ label: name });
    if (!this.scripted) await this.page.getByRole("button", { name: "Switch" }).click();
    await switched;
  }

  /** Comments on the ticket whose page is open; a role may read it, or everybody. */
  async comment(words, role) {
    const form = this.page.getByRole("region", { name: /^Comments/ });
    await form.getByLabel(/^Comment as/).fill(words);
    if (role) await form.getByLabel("Shown to").last().selectOption({ label: `Only ${role}` });
    await form.getByRole("button", { name: "Add comment" }).click();
  }
}
