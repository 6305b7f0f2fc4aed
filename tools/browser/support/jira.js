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

  /** The cards that show these words. */
  ticket(words) {
    return this.page.getByRole("region", { name: "Board" }).getByRole("listitem").filter({ hasText: words });
  }

  /** Waits until a ticket is in a column, by what its card shows. */
  async seenIn(words, status) {
    const here = this.page.getByRole("region", { name: new RegExp(`^${status} \\d+$`) }).getByRole("listitem").filter({ hasText: words });
    if (this.scripted) return here.waitFor();
    for (let look = 0; ; look++) {
      try {
        return await here.waitFor({ timeout: 700 });
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
}
