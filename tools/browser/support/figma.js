// What people do in the pretend Figma, by what they see.

/** Somebody at a design file. Its pages do not refresh themselves: whoever waits looks again. */
export class Canvas {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.history = page.getByRole("region", { name: "Version history" });
    this.comments = page.getByRole("region", { name: "Comments" });
  }

  /** Opens a file as this person. */
  static async open(world, name, file, options) {
    const canvas = new Canvas(await world.visitor(options), name);
    await canvas.page.goto("/demo/figma/");
    await canvas.page.getByLabel("You are", { exact: true }).selectOption({ label: name });
    await canvas.page.getByRole("button", { name: "Switch" }).click();
    await canvas.page.getByRole("link", { name: new RegExp(`^${file}`) }).click();
    await canvas.page.getByRole("heading", { level: 1, name: file }).waitFor();
    return canvas;
  }

  /** The address to be pasted where somebody asks for sign-off. */
  async link() {
    return this.page.getByLabel("Link to this file").inputValue();
  }

  /** Saves a version with a title, which draws something new. */
  async save(title, words = "") {
    await this.history.getByLabel("Title").fill(title);
    await this.history.getByLabel("Description").fill(words);
    await this.history.getByRole("button", { name: "Save to version history" }).click();
    await this.history.getByRole("listitem").filter({ hasText: title }).first().waitFor();
  }

  /** Begins a thread. */
  async comment(words) {
    await this.comments.getByLabel("New comment").fill(words);
    await this.comments.getByRole("button", { name: "Comment", exact: true }).click();
    await this.thread(words).waitFor();
  }

  /** The threads of people that hold these words. */
  thread(words) {
    return this.comments.getByRole("article", { name: /^Thread \d+ by (?!signoff)/ }).filter({ hasText: words });
  }

  /** What signoff wrote into the file. */
  told(words) {
    return this.comments.getByRole("article", { name: /^Thread \d+ by signoff/ }).filter({ hasText: words });
  }

  async reply(words, answer) {
    await this.thread(words).getByLabel(/^Reply in thread/).fill(answer);
    await this.thread(words).getByRole("button", { name: "Reply", exact: true }).click();
    await this.thread(answer).waitFor();
  }

  async resolve(words) {
    await this.thread(words).getByRole("button", { name: /^Resolve/ }).click();
    await this.comments.getByText(/^\d+ resolved$/).waitFor();
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
