// What people do in the pretend Frame.io, by what they see.

/** Somebody at a file under review. Its pages do not refresh themselves: whoever waits looks again. */
export class Room {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.review = page.getByRole("complementary", { name: "Review" });
    this.versions = page.locator(".versions").getByRole("listitem");
  }

  /** Opens the newest version of a file as this person. */
  static async open(world, name, file, options) {
    const room = new Room(await world.visitor(options), name);
    await room.page.goto("/demo/adobe/");
    await room.page.getByLabel("You are").selectOption({ label: name });
    await room.page.getByRole("button", { name: "Switch" }).click();
    await room.page.getByRole("main").getByRole("link", { name: /^Frame\.io/ }).click();
    await room.page.getByRole("link", { name: file }).click();
    await room.page.getByRole("heading", { level: 1, name: file }).waitFor();
    return room;
  }

  /** The address to be pasted where somebody asks for sign-off. */
  async link() {
    return this.page.getByLabel(/^Paste it where signoff listens/).inputValue();
  }

  /** Uploads a version on top of the file; the page that comes back shows it. */
  async upload(name) {
    await this.page.getByLabel("Upload a new version").fill(name);
    await this.page.getByRole("button", { name: "Upload" }).click();
    await this.page.getByRole("heading", { level: 1, name }).waitFor();
  }

  /** Comments, at a moment of the film such as 00:12. */
  async comment(words, at) {
    await this.review.getByRole("textbox", { name: "Comment" }).fill(words);
    if (at) await this.review.getByLabel("At (mm:ss)").fill(at);
    await this.review.getByRole("button", { name: "Comment", exact: true }).click();
    await this.said(words).waitFor();
  }

  said(words) {
    return this.review.getByRole("listitem").filter({ hasText: words }).first();
  }

  /** What signoff wrote at the open version. */
  told(words) {
    return this.review.getByRole("listitem").filter({ hasText: "signoff ref" }).filter({ hasText: words });
  }

  /** The status that stands beside the name. */
  status(name) {
    return this.page.locator(".head").getByText(name, { exact: true });
  }

  async reply(words, answer) {
    const comment = this.said(words);
    await comment.getByText("Reply", { exact: true }).first().click();
    await comment.getByLabel(/^Reply to/).fill(answer);
    await comment.getByRole("button", { name: "Reply" }).click();
    await this.said(answer).waitFor();
  }

  async complete(words) {
    await this.said(words).getByRole("button", { name: "Complete" }).click();
    await this.said(words).getByText(/^Completed/).waitFor();
  }

  /** Waits until something is visible by looking again. */
  async seen(locator) {
    for (let look = 0; ; look++) {
      try {
        return await locator.first().waitFor({ timeout: 500 });
      } catch (error) {
        if (look === 20) throw error;
        await this.page.reload();
      }
    }
  }
}
