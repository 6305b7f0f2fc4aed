// What no rule places waits for triage: Dana accepts, merges, puts off and declines, in chat and on the page.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Board } from "../support/jira.js";
import { signIn } from "../support/pages.js";
import { Member } from "../support/slack.js";

const choices = ["Accept", "Merge", "Snooze", "Decline"];

/** Waits until nothing can be pressed on a card of triage any more. */
async function decided(card, words) {
  await card.filter({ hasText: words }).waitFor();
  for (const name of choices) assert.equal(await card.getByRole("button", { name: new RegExp(`^${name}`) }).count(), 0, name);
}

story("triage in chat", async (world, step) => {
  const maya = await Member.enter(world, "Maya Lind");
  const dana = await Member.enter(world, "Dana Wolf");
  const board = await Board.open(world);
  await maya.openChannel("launch");
  await dana.openApp();
  const card = (key) => dana.asked(key).filter({ hasText: /waits for triage|accepted|merged|snoozed|declined/i }).first();

  await step("what no rule places waits, and nobody is asked to approve it", async () => {
    await maya.say("@signoff A flyer for the spring launch");
    await card("CR-1").filter({ hasText: "Waits for triage" }).waitFor();
    for (const name of choices) await card("CR-1").getByRole("button", { name: new RegExp(`^${name}`) }).waitFor();
    await board.ticket("flyer").waitFor();
  });

  await step("it is accepted for somebody, who is told", async () => {
    await card("CR-1").getByRole("button", { name: /^Accept/ }).click();
    await dana.dialog.getByRole("combobox", { name: /Who does it/ }).selectOption({ label: "Ben Osei" });
    await dana.send("Accept").click();
    await decided(card("CR-1"), "Accepted by Dana Wolf for Ben Osei");
    const ben = await Member.enter(world, "Ben Osei");
    await ben.openApp();
    await ben.asked("CR-1").filter({ hasText: "is assigned to you" }).waitFor();
  });

  await step("what is not done is declined with a reason that Maya reads", async () => {
    await maya.say("@signoff Poster for the lobby");
    await card("CR-2").getByRole("button", { name: /^Decline/ }).click();
    await dana.dialog.getByRole("textbox", { name: /Reason/ }).fill("The lobby is rebuilt until June");
    await dana.send("Decline").click();
    await decided(card("CR-2"), "Declined by Dana Wolf");
    await maya.openThread("Poster for the lobby");
    await maya.thread.getByText("The lobby is rebuilt until June").waitFor();
  });

  await step("one that asks for the same is merged, and its thread goes on in the other", async () => {
    await maya.say("@signoff Brochure and flyer for the spring launch");
    await card("CR-3").getByRole("button", { name: /^Merge/ }).click();
    await dana.dialog.getByRole("combobox", { name: /Into/ }).selectOption({ value: "CR-1" });
    await dana.send("Merge").click();
    await decided(card("CR-3"), "Merged into CR-1 by Dana Wolf");
    await maya.openThread("Brochure and flyer");
    await maya.thread.getByText("What is said here reaches CR-1").waitFor();
    await maya.reply("A5, on recycled paper");
    const { comments } = await board.openTicket("DES-1");
    await comments.getByRole("listitem").filter({ hasText: "A5, on recycled paper" }).waitFor();
  });
}, { args: ["--empty"] });

story("triage on the pages, without JavaScript", async (world, step) => {
  const plain = { javaScriptEnabled: false };
  const page = await signIn(world, "Dana Wolf", plain);

  await step("the seeded flyers wait, and say why", async () => {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /^Triage/ }).click();
    const row = page.getByRole("row").filter({ hasText: "flyers" });
    await row.getByText("labels it needs-triage").waitFor();
    await row.getByRole("link", { name: /CR-4/ }).click();
    await page.getByRole("heading", { name: "Triage" }).waitFor();
  });

  await step("they are put off", async () => {
    await page.getByText("Snooze", { exact: true }).click();
    const day = await page.getByLabel("Until the morning of").getAttribute("min");
    await page.getByLabel("Until the morning of").fill(day);
    await page.getByRole("button", { name: /^Snooze CR-4/ }).click();
    await page.getByText("The request comes back to triage on that morning.").waitFor();
    await page.goto("/triage");
    await page.getByText("snoozed until").waitFor();
  });

  await step("and accepted after all", async () => {
    await page.getByRole("link", { name: /CR-4/ }).click();
    await page.getByLabel("Who does it").selectOption({ label: "Ben Osei" });
    await page.getByRole("button", { name: "Accept" }).click();
    await page.getByText("The request is accepted and goes its way.").waitFor();
    await page.goto("/triage");
    await page.getByText("Nothing waits for triage").waitFor();
  });
});
