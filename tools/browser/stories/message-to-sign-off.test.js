// From a message to sign-off: the stories 1, 7, 8, 6 of the product, played by five people.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Member, deciding } from "../support/slack.js";
import { Board } from "../support/jira.js";

const words = "Spring launch needs a Lumen banner for the home page by Friday EOD";

story("from a message to sign-off", async (world, step) => {
  const maya = await Member.enter(world, "Maya Lind");
  const board = await Board.open(world);
  let key = "";
  let ticket = "";

  await step("a message becomes a request", async () => {
    await maya.openChannel("launch");
    await maya.say(words);
    await maya.menu(maya.message(words), /^New creative request/);
    const { dialog } = maya;
    await dialog.getByRole("heading", { name: "New creative request" }).waitFor();
    await dialog.getByText("Read from “Lumen”.").waitFor();
    assert.match(await dialog.getByLabel("Title").inputValue(), /^Spring launch needs a Lumen banner/);
    assert.match(await dialog.getByLabel(/^Description/).inputValue(), /for the home page/);
    assert.equal(await chosen(dialog.getByLabel(/^Type/)), "Banner");
    assert.equal(await chosen(dialog.getByLabel(/^Channel/)), "#launch");
    assert.equal(weekday(await dialog.getByLabel("Due").inputValue()), "Fri");

    assert.equal(await dialog.getByLabel(/^Length in seconds/).count(), 0, "a banner has no length");
    await dialog.getByLabel(/^Type/).selectOption({ label: "Video" });
    await dialog.getByLabel(/^Length in seconds/).fill("30");
    await dialog.getByRole("group", { name: /^Aspect ratios/ }).getByLabel("16:9").check();
    await dialog.getByLabel("Title").fill("Spring launch film");
    await maya.send("Send request").click();
    await dialog.waitFor({ state: "hidden" });
  });

  await step("the thread gets one card, and Jira one ticket", async () => {
    await maya.openThread(words);
    const card = maya.card("Spring launch film");
    await card.getByRole("link", { name: /^DES-\d+$/ }).waitFor();
    key = await card.getByRole("link", { name: /^CR-\d+$/ }).innerText();
    ticket = await card.getByRole("link", { name: /^DES-\d+$/ }).innerText();
    assert.equal(await card.count(), 1, "one card");
    await board.ticket("Spring launch film").waitFor();
    assert.equal(await board.ticket("Spring launch film").count(), 1, "one ticket");
    assert.match(await board.ticket("Spring launch film").innerText(), new RegExp(ticket));
    await board.seenIn(ticket, "In Progress");
  });

  const ben = await Member.enter(world, "Ben Osei");
  await step("the designer sends it to review", async () => {
    await ben.openApp();
    await ben.asked(key).getByRole("button", { name: /^Send to review/ }).click();
    await ben.asked(key).getByText(/Revision 1 was sent to review by Ben Osei/).waitFor();
    await board.seenIn(ticket, "In Review");
  });

  await step("somebody else is told who can decide", async () => {
    const tom = await Member.enter(world, "Tom Berg");
    await tom.openChannel("launch");
    await tom.openThread(words);
    await tom.card(key).getByRole("button", { name: /^Approve/ }).click();
    await tom.whispers.filter({ hasText: "Ana Reyes" }).waitFor();
    assert.match(await tom.whispers.innerText(), /Brand review.*Ana Reyes.*Dana Wolf/s);
    await tom.card(key).filter({ hasText: /waiting for.*Ana Reyes.*Dana Wolf/ }).waitFor();
  });

  const ana = await Member.enter(world, "Ana Reyes");
  await step("changes are asked for, with a note", async () => {
    await ana.openApp();
    await ana.asked(key).getByRole("button", { name: /^Request changes/ }).click();
    const note = ana.dialog.getByLabel("What should change?");
    await note.waitFor();
    await ana.send("Send").click();
    await ana.dialog.getByText("Please complete this required field.").waitFor();
    assert.equal(await note.getAttribute("aria-invalid"), "true");
    await note.fill("- Logo larger\n- End on the claim");
    await ana.send("Send").click();
    await ana.dialog.waitFor({ state: "hidden" });
    await maya.card(key).getByText(/revision 2/i).waitFor();
    await board.seenIn(ticket, "In Progress");
  });

  await step("the designer answers numbered points with revision 2", async () => {
    const work = ben.asked(key).filter({ hasText: "Logo larger" });
    await work.filter({ hasText: /1\. Logo larger.*2\. End on the claim/s }).waitFor();
    await work.getByRole("button", { name: /^Send to review/ }).click();
    await ben.dialog.getByLabel(/^1\. Logo larger/).fill("Twice as large");
    await ben.dialog.getByLabel(/^2\. End on the claim/).fill("It ends on the claim");
    await ben.send("Send to review").click();
    await ben.dialog.waitFor({ state: "hidden" });
    await board.seenIn(ticket, "In Review");
  });

  const dana = await Member.enter(world, "Dana Wolf");
  await step("the brand is approved, and the requester signs off", async () => {
    await dana.openApp();
    await dana.asked(key).filter({ hasText: /Logo larger.*Answer: Twice as large/s }).waitFor();
    await dana.asked(key).getByRole("button", { name: /^Approve/ }).click();
    await dana.asked(key).getByText(/Brand review was approved by Dana Wolf/).waitFor();
    await maya.openApp();
    await maya.asked(key).getByRole("button", { name: /^Approve/ }).click();
    await maya.asked(key).getByText(/Sign-off was approved by Maya Lind/).waitFor();
  });

  await step("every copy shows it, and nothing is left to press", async () => {
    await maya.openChannel("launch");
    await maya.openThread(words);
    await maya.card(key).filter({ hasText: "Approved, revision 2 · for" }).waitFor();
    await nothingToPress(maya.card(key));
    for (const person of [ana, dana, maya]) {
      await person.openApp();
      await person.asked(key).getByText(/approved/).first().waitFor();
      await nothingToPress(person.asked(key));
    }
    await ben.asked(key).getByText(/Revision 2 was approved/).waitFor();
    await nothingToPress(ben.asked(key));
    await board.seenIn(ticket, "Done");
  });
});

/** The label of what is chosen in a list. */
async function chosen(list) {
  return list.evaluate((select) => select.selectedOptions[0]?.textContent);
}

function weekday(date) {
  return new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", { weekday: "short" });
}

async function nothingToPress(messages) {
  assert.deepEqual(await messages.getByRole("button", { name: deciding }).allInnerTexts(), []);
}
