// The main job with JavaScript switched off: forms and links alone carry it.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Member, deciding } from "../support/slack.js";
import { Board } from "../support/jira.js";

const plain = { javaScriptEnabled: false };
const words = "Nova needs a new landing text for the autumn fair by Friday EOD";

story("the main job without JavaScript", async (world, step) => {
  const maya = await Member.enter(world, "Maya Lind", plain);
  const board = await Board.open(world, plain);
  let key = "";

  await step("a form whose fields follow the type", async () => {
    await maya.openChannel("launch");
    await maya.say(words);
    await maya.menu(maya.message(words), /^New creative request/);
    await maya.seen(maya.dialog.getByRole("heading", { name: "New creative request" }));
    await maya.seen(maya.dialog.getByText(words)); // the description, read from the message
    await maya.dialog.getByLabel(/^Type/).selectOption({ label: "Copy" });
    await maya.dialog.getByRole("button", { name: "Apply" }).first().click();
    await maya.seen(maya.dialog.getByLabel(/^Audience/));
    await maya.dialog.getByLabel(/^Audience/).fill("Visitors of the fair");
    await maya.dialog.getByLabel("Title").fill("Autumn fair text");
    await maya.send("Send request").click();
    await maya.seen(maya.message(words).getByRole("link", { name: /^\d+ repl/ }));
    assert.equal(await maya.dialog.count(), 0, "the form is closed");
    await maya.openThread(words);
    await maya.seen(maya.card("Autumn fair text").getByRole("link", { name: /^DES-\d+$/ }));
    key = await maya.card("Autumn fair text").getByRole("link", { name: /^CR-\d+$/ }).innerText();
  });

  await step("from the designer to the brand to the requester", async () => {
    const chloe = await Member.enter(world, "Chloé Roy", plain);
    await chloe.openApp();
    await chloe.seen(chloe.asked(key));
    await chloe.asked(key).getByRole("button", { name: /^Send to review/ }).click();
    const ana = await Member.enter(world, "Ana Reyes", plain);
    await ana.openApp();
    await ana.seen(ana.asked(key));
    await ana.asked(key).getByRole("button", { name: /^Approve/ }).click();
    await ana.seen(ana.asked(key).getByText(/was approved by Ana Reyes/));
    await maya.seen(maya.card(key).getByText(/waiting for @Maya Lind/));
    await maya.card(key).getByRole("button", { name: /^Approve/ }).click();
    await maya.seen(maya.card(key).filter({ hasText: "Approved · for" }));
    assert.equal(await maya.card(key).getByRole("button", { name: deciding }).count(), 0);
  });

  await step("the board shows it", () => board.seenIn("Autumn fair text", "Done"));
});
