// Story 6 with Figma: what is approved is one version of a file, and every copy of the card says which.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Canvas } from "../support/figma.js";
import { Board } from "../support/jira.js";
import { signIn } from "../support/pages.js";
import { Member, deciding } from "../support/slack.js";

story("a Figma version is approved", async (world, step) => {
  const lin = await Canvas.open(world, "Lin", "Spring banner");
  const maya = await Member.enter(world, "Maya Lind");
  const board = await Board.open(world);
  let key = "";

  await step("a link in the thread: the card shows the version, who saved it, and its picture", async () => {
    await lin.save("v3 - legal copy", "With the claim that legal wants");
    await maya.openChannel("design-requests");
    await maya.say(`@signoff Lumen Spring banner 300x250 by Friday EOD: ${await lin.link()}`);
    await maya.openThread("Spring banner");
    const card = maya.card("Spring banner").filter({ hasText: /Figma version: v3 - legal copy · saved by Lin/ });
    await card.getByRole("img", { name: "v3 - legal copy" }).waitFor();
    key = await card.getByRole("link", { name: /^CR-\d+$/ }).innerText();
    const owner = /\bby @([^·]+)/.exec(await card.innerText())[1].trim();
    const designer = await Member.enter(world, owner);
    await designer.openApp();
    await designer.asked(key).getByRole("button", { name: /^Send v3 to review/ }).click();
    await board.seenIn("DES-1", "In Review");
  });

  const ana = await Member.enter(world, "Ana Reyes");
  const dana = await Member.enter(world, "Dana Wolf");
  await step("the reviewers are asked about that version", async () => {
    for (const person of [ana, dana]) {
      await person.openApp();
      const asked = person.about(key, "Brand review");
      await asked.getByRole("img", { name: "v3 - legal copy" }).waitFor();
      assert.match(await asked.innerText(), /Brand review · decide by .*Figma version: v3 - legal copy · saved by Lin today at \d\d:\d\d.*open points 0/s);
      for (const name of ["Approve", "Request changes", "Delegate"]) await asked.getByRole("button", { name: new RegExp(`^${name}`) }).waitFor();
    }
    const file = await world.visitor();
    await file.goto(await dana.about(key, "Brand review").getByRole("link", { name: "v3 - legal copy", exact: true }).getAttribute("href"));
    await file.getByRole("heading", { level: 1, name: "Spring banner" }).waitFor();
  });

  const stale = await Member.enter(world, "Dana Wolf", { javaScriptEnabled: false }); // a page that does not refresh itself
  await stale.openApp();
  await step("one press: within two seconds every copy reads who approved which version", async () => {
    await ana.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).click();
    const began = Date.now();
    const approved = /Brand review was approved by @?Ana Reyes for v3 - legal copy/;
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

  await step("a second press, in an old copy, is answered in private", async () => {
    await stale.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).click();
    await dana.whispers.filter({ hasText: /Ana Reyes already approved this/ }).waitFor();
    assert.equal(await maya.card(key).getByText(/approved by @?Dana Wolf/).count(), 0);
  });

  await step("the last stage is approved: the ticket, the page and the file agree", async () => {
    await maya.card(key).getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: /^[^]*Approved[^]*v3 - legal copy/ }).waitFor();
    await board.seenIn("DES-1", "Done");
    const page = await signIn(world, "Dana Wolf");
    await page.goto(`/requests/${key}`);
    await page.getByRole("img", { name: "v3 - legal copy" }).waitFor();
    await page.getByText("v3 - legal copy").first().waitFor();
    const outcome = lin.told(`${key} is approved`);
    await lin.seen(outcome);
    assert.equal(await outcome.count(), 1, "once");
  });
}, { args: ["--empty"] });
