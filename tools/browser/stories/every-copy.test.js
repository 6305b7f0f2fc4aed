// Story 6: one press in a direct message, and within two seconds every copy agrees.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Board } from "../support/jira.js";
import { inReview } from "../support/play.js";
import { Member, deciding } from "../support/slack.js";

story("an approval reaches every copy", async (world, step) => {
  const { maya, key, ticket } = await inReview(world);
  const board = await Board.open(world);
  await board.seenIn(ticket, "In Review");
  const ana = await Member.enter(world, "Ana Reyes");
  const dana = await Member.enter(world, "Dana Wolf");
  for (const person of [ana, dana]) {
    await person.openApp();
    await person.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).waitFor();
  }
  const stale = await Member.enter(world, "Dana Wolf", { javaScriptEnabled: false }); // a page that does not refresh itself
  await stale.openApp();

  await step("within two seconds: the message, the other reviewer's, the card, and the next stage", async () => {
    await ana.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).click();
    const began = Date.now();
    const approved = /Brand review was approved by @?Ana Reyes/;
    await Promise.all([
      ana.asked(key).getByText(approved).first().waitFor(),
      dana.asked(key).getByText(approved).first().waitFor(),
      maya.card(key).getByText(approved).first().waitFor(),
      maya.card(key).getByText(/Sign-off.*waiting for @Maya Lind/).waitFor(),
    ]);
    const took = Date.now() - began;
    console.log(`# every copy agreed after ${took} ms`);
    assert.ok(took < 2000, `every copy agreed after ${took} ms, want less than 2000`);
    for (const person of [ana, dana]) assert.deepEqual(await person.asked(key).getByRole("button", { name: deciding }).allInnerTexts(), []);
  });

  await step("a second press on an old page is answered in private, and counts for nothing", async () => {
    await stale.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).click();
    await dana.whispers.filter({ hasText: /Ana Reyes already approved this/ }).waitFor();
    assert.equal(await maya.card(key).getByText(/approved by @?Dana Wolf/).count(), 0);
  });

  await step("the last stage is approved, and Jira agrees", async () => {
    await maya.card(key).getByRole("button", { name: /^Approve/ }).click();
    await board.seenIn(ticket, "Done");
    await maya.card(key).filter({ hasText: "Approved · for" }).waitFor();
  });
}, { args: ["--empty"] });
