// What people do in their pretend mailboxes, by what they see.

/** Somebody with a mailbox. */
export class Mailbox {
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.letters = page.getByRole("main").getByRole("listitem");
    this.letter = page.getByRole("article");
  }

  /** Opens the mailbox of this person. */
  static async open(world, name, options) {
    const box = new Mailbox(await world.visitor(options), name);
    box.scripted = options?.javaScriptEnabled !== false;
    await box.page.goto("/demo/mail/");
    const switched = box.page.waitForEvent("load"); // of the inbox that comes back
    await box.page.getByLabel("You are").selectOption({ label: name });
    if (!box.scripted) await box.page.getByRole("button", { name: "Switch" }).click();
    await switched;
    return box;
  }

  async openBox(name) {
    await this.page.getByRole("navigation", { name: "Folders" }).getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await this.page.getByRole("heading", { level: 1, name }).waitFor();
  }

  /** The conversations of the open folder that show these words. */
  with(words) {
    return this.letters.filter({ hasText: words });
  }

  /** Waits for a letter and opens it. */
  async read(words) {
    await this.openBox("Inbox");
    await this.seen(this.with(words));
    await this.with(words).first().getByRole("link").click();
    await this.letter.waitFor();
  }

  /** Writes a new letter, with files: [{ name, mimeType, buffer }]; "from" is another sender to be shown. */
  async write({ to, subject, text, files = [], from }) {
    await this.page.getByRole("link", { name: "Write", exact: true }).click();
    if (to) await this.page.getByLabel("To", { exact: true }).fill(to);
    await this.page.getByLabel("Subject").fill(subject);
    await this.page.getByLabel("Text").fill(text);
    await this.page.getByLabel("Files").setInputFiles(files);
    if (from) {
      await this.page.getByText("Pretend to be somebody else").click();
      await this.page.getByLabel("Sender to be shown").fill(from);
    }
    await this.page.getByRole("button", { name: "Send" }).click();
    await this.page.getByRole("heading", { level: 1, name: "Sent" }).waitFor();
  }

  /** Answers the open letter, quoting it below. */
  async reply(words) {
    await this.page.getByLabel("Your words").fill(words);
    await this.page.getByRole("button", { name: "Reply", exact: true }).click();
    await this.letter.filter({ hasText: words }).waitFor();
  }

  /** Answers the open letter below some of its lines, as people do who write plain text. */
  async replyBetween(lines, answers) {
    await this.page.getByRole("link", { name: "Answer between the lines" }).click();
    const text = this.page.getByLabel("Your words");
    let quoted = await text.inputValue();
    for (const [i, line] of lines.entries()) {
      const end = quoted.indexOf("\n", quoted.indexOf(line)) + 1;
      quoted = `${quoted.slice(0, end)}\n${answers[i]}\n\n${quoted.slice(end)}`;
    }
    await text.fill(quoted);
    await this.page.getByRole("button", { name: "Reply", exact: true }).click();
    await this.letter.filter({ hasText: answers[0] }).waitFor();
  }

  /** Switches an absence note on, one that answers machines too. */
  async away(words) {
    await this.page.getByRole("link", { name: /^Out of office/ }).click();
    await this.page.getByLabel("Text").fill(words);
    await this.page.getByLabel("Answer machines too").check();
    await this.page.getByRole("button", { name: "Switch it on" }).click();
    await this.page.getByText("It is on.").waitFor();
  }

  /** Where a link in the open letter leads; a letter of a program is in a frame of its own. */
  async link(name) {
    return this.page.frameLocator("iframe").getByRole("link", { name }).first().getAttribute("href");
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
