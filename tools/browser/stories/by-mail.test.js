// Story 3: an agency asks by mail. What they write is in the ticket, machines move nothing, strangers wait for triage.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Board } from "../support/jira.js";
import { Mailbox } from "../support/mail.js";
import { signIn } from "../support/pages.js";
import { paper } from "../support/paper.js";
import { Member } from "../support/slack.js";

const mail = {
  to: "requests@lumen.example",
  subject: "Banner for the trade fair",
  text: "Dear all,\n\nwe need a Nova banner 300x250 by Friday.\nThe stand is in hall 4.\n\nBest\nOlga",
};

story("a request by mail", async (world, step) => {
  const olga = await Mailbox.open(world, "Olga (agency)");
  const board = await Board.open(world);
  let key = "";

  await step("a mail becomes a request, and gets one acknowledgement with the key", async () => {
    await olga.write({ ...mail, files: [paper("fair-brief.pdf")] });
    await olga.read("Your request is now");
    key = /CR-\d+/.exec(await olga.page.getByRole("heading", { level: 1 }).innerText())[0];
    await board.ticket("trade fair").filter({ hasText: "DES-1" }).waitFor();
    await olga.openBox("Inbox");
    assert.equal(await olga.letters.count(), 1, "one acknowledgement");
  });

  const { comments } = await board.openTicket("DES-1");
  const hers = comments.getByRole("listitem").filter({ hasText: "Olga" });

  await step("an answer between the lines is in the ticket in full, the quoted part folded", async () => {
    await board.comment("How wide is the stand?\n\nWhen does the banner have to be there?\n\nThank you");
    await olga.read("How wide is the stand?");
    await olga.replyBetween(["How wide", "When does"], ["It is 3 metres wide.", "Before Thursday."]);
    const answer = hers.filter({ hasText: /How wide is the stand\?.*It is 3 metres wide\..*When does the banner.*Before Thursday\./s });
    await answer.waitFor();
    assert.equal(await answer.getByText("Thank you").count(), 0, "what nothing was said about");
    assert.match(await answer.getByRole("link", { name: "e-mail" }).getAttribute("href"), /\/deliveries\//, "the whole mail");
  });

  await step("an absence note changes nothing", async () => {
    await olga.away("I am at the fair until Monday and read no mail.");
    await board.comment("Is it seen from both sides?");
    await hers.filter({ hasText: /Automatic answer of Olga.*I am at the fair/s }).waitFor();
    const hub = await Mailbox.open(world, "Lumen requests");
    await hub.openBox("signoff/Auto");
    await hub.with("I am at the fair").waitFor();
    await olga.read("trade fair");
    assert.equal(await olga.page.getByText("Automatic answer").count(), 0, "nobody is told");
    assert.match(await board.page.getByRole("region", { name: "Status" }).innerText(), /To Do/);
  });

  const stranger = await Mailbox.open(world, "A stranger");
  const dana = await Member.enter(world, "Dana Wolf");
  const held = (words) => dana.timeline.getByRole("article").filter({ hasText: "is held back" }).filter({ hasText: words });
  const choices = ["Accept as participant", "New request", "Spam"];

  await step("a stranger who quotes the key is held back, and triage decides", async () => {
    await stranger.write({ to: mail.to, subject: `Re: [${key}] Banner for the trade fair`, text: "Please put our logo beside yours." });
    await dana.openApp();
    const asked = held("someone@elsewhere.example").filter({ hasText: `belongs to ${key}, in which this sender takes no part` });
    await asked.waitFor();
    for (const name of choices) await asked.getByRole("button", { name: new RegExp(`^${name}`) }).waitFor();
    assert.equal(await comments.getByText("Please put our logo").count(), 0, "nothing in the ticket");
    await asked.getByRole("button", { name: /^Accept/ }).click();
    await comments.getByRole("listitem").filter({ hasText: "Please put our logo beside yours." }).waitFor();
    await answered(asked);
  });

  await step("whoever was let in is heard", async () => {
    await stranger.write({ to: mail.to, subject: `Re: [${key}] Banner for the trade fair`, text: "The logo comes by mail tomorrow." });
    await comments.getByRole("listitem").filter({ hasText: "The logo comes by mail tomorrow." }).waitFor();
  });

  await step("what belongs nowhere becomes a request of its own, on the page", async () => {
    await stranger.write({ to: mail.to, subject: "Poster for our fair", text: "Could you make a poster?" });
    const page = await signIn(world, "Dana Wolf");
    await page.goto("/deliveries?state=held");
    await page.getByRole("link", { name: /Say what becomes of it/ }).click();
    await page.getByText("Could you make a poster?").waitFor();
    await page.getByRole("button", { name: "New request" }).click();
    await page.getByText("It is a request of its own now.").waitFor();
    await board.page.goto("/demo/jira/");
    await board.ticket("Poster for our fair").waitFor();
    await answered(held("Poster for our fair"));
  });

  await step("who writes in another's name is nobody, and spam", async () => {
    await stranger.write({ to: mail.to, subject: "Nova banner, urgent", text: "Pay this first.", from: "Maya Lind <maya@lumen.example>" });
    const asked = held("Nova banner, urgent");
    await asked.getByRole("button", { name: /^Spam/ }).click();
    await answered(asked);
    await board.page.reload();
    assert.equal(await board.ticket("urgent").count(), 0, "no ticket");
  });
}, { args: ["--empty"] });

/** Waits until nothing can be pressed in a message any more. */
async function answered(message) {
  await message.getByRole("button", { name: /^Spam/ }).waitFor({ state: "detached" });
}

story("a request by mail, without JavaScript", async (world, step) => {
  const plain = { javaScriptEnabled: false };
  const olga = await Mailbox.open(world, "Olga (agency)", plain);
  const board = await Board.open(world, plain);

  await step("the acknowledgement is answered in its thread", async () => {
    await olga.write(mail);
    await olga.read("Your request is now");
    await olga.reply("The stand is 3 metres wide.");
    await board.page.goto("/demo/jira/browse/DES-1");
    await board.seen(board.page.getByText("The stand is 3 metres wide."));
    assert.equal(await board.page.getByText("Somebody will look at it").count(), 0, "what is quoted");
  });

  await step("and the answer of the ticket comes back", async () => {
    await board.comment("Thank you, that is enough");
    await olga.read("Thank you, that is enough");
  });
}, { args: ["--empty"] });
