// What people do in the pretend Slack workspace, by what they see.

/** Somebody at the workspace. */
export class Member {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.channels = page.getByRole("navigation", { name: "Conversations" });
    this.timeline = page.getByRole("log", { name: "Messages" });
    this.thread = page.getByRole("complementary", { name: "Thread" });
    this.dialog = page.getByRole("dialog");
    this.keyed = page.getByRole("link", { name: /^CR-\d+$/ });
  }

  /** Opens the workspace as this person. */
  static async enter(world, name, options) {
    const member = new Member(await world.visitor(options), name);
    member.scripted = options?.javaScriptEnabled !== false;
    await member.page.goto("/demo/slack/");
    await member.page.getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await member.channels.waitFor();
    return member;
  }

  async openChannel(name) {
    await this.channels.getByRole("link", { name: new RegExp(`^#?\\s*${name}`) }).click();
    await this.page.getByRole("heading", { level: 1, name }).waitFor();
  }

  async openApp() {
    await this.channels.getByRole("link", { name: /^signoff/ }).click();
    await this.page.getByRole("heading", { level: 1, name: "signoff" }).waitFor();
  }

  async say(words) {
    await this.page.getByRole("textbox", { name: /^Message / }).last().fill(words);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
    await this.message(words).waitFor();
  }

  /** The message of the open conversation that holds these words. */
  message(words) {
    return this.timeline.getByRole("article").filter({ hasText: words });
  }

  async openThread(words) {
    const message = this.message(words).first();
    const replies = message.getByRole("link", { name: /^\d+ repl/ });
    await this.seen(replies);
    await replies.click();
    await this.thread.waitFor();
  }

  /** The card of a request in the open thread: the message that links to it. */
  card(key) {
    return this.thread.getByRole("article", { name: /^signoff at/ }).filter({ hasText: key }).filter({ has: this.keyed });
  }

  /** What else the app says in the open thread. */
  get remarks() {
    return this.thread.getByRole("article", { name: /^signoff at/ }).filter({ hasNot: this.keyed });
  }

  /** What the app says to this person about a request, the newest last. */
  asked(key) {
    return this.timeline.getByRole("article", { name: /^signoff at/ }).filter({ hasText: key });
  }

  /** What the app says to this person about one stage of a request. */
  about(key, stage) {
    return this.asked(key).filter({ hasText: stage });
  }

  /** The button of the form that is open. */
  send(name) {
    return this.dialog.getByRole("button", { name, exact: true }).and(this.page.locator(":not([aria-hidden])"));
  }

  /** Notes that only this person sees. */
  get whispers() {
    return this.page.getByRole("article").filter({ hasText: "Only visible to you" });
  }

  /** Replies in the open thread, with files: [{ name, mimeType, buffer }]. */
  async reply(words, files = []) {
    await this.thread.getByRole("textbox", { name: "Reply in the thread" }).fill(words);
    if (files.length > 0) {
      await this.thread.getByLabel("Attach files").click();
      await this.thread.getByLabel("From this computer").setInputFiles(files);
    }
    await this.thread.getByRole("button", { name: "Reply", exact: true }).click();
    await this.seen(this.answer(words));
  }

  /** A reply of this person in the open thread. */
  answer(words) {
    return this.thread.getByRole("article", { name: new RegExp(`^${this.name} at`) }).filter({ hasText: words });
  }

  /** Changes a message of one's own. */
  async edit(message, words) {
    await this.tools(message);
    await message.getByText("Edit message").click();
    await message.getByRole("textbox", { name: "Message" }).fill(words);
    await message.getByRole("button", { name: "Save" }).click();
  }

  async remove(message) {
    await this.tools(message);
    await message.getByRole("button", { name: "Delete message" }).click();
  }

  async react(message, name) {
    await message.hover();
    await message.getByLabel(/^React to/).click();
    await message.getByLabel("Emoji by name").fill(name);
    await message.getByRole("button", { name: "Add", exact: true }).click();
  }

  async tools(message) {
    await message.hover();
    await message.getByLabel(/^More actions/).click();
  }

  /** Opens the page of one's own. */
  async openHome() {
    await this.channels.getByRole("button", { name: "signoff home" }).click();
    await this.page.getByRole("heading", { level: 1, name: "signoff" }).waitFor();
    return this.page.getByRole("main");
  }

  async menu(message, entry) {
    await this.tools(message);
    await message.getByRole("button", { name: entry }).click();
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
}

/** The buttons of a message that decide something. */
export const deciding = /^(Approve|Request changes|Decline|Withdraw|Send to review|Delegate|More)/;
