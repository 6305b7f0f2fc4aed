// Two of three: story 11 of the product. A video with a budget goes to the brand and to legal at the same time.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Member, deciding } from "../support/slack.js";

const words = "@signoff Lumen launch video for EMEA, budget 8000 EUR, by Friday EOD";

story("two stages side by side, one of them by two of three", async (world, step) => {
  const maya = await Member.enter(world, "Maya Lind");
  let key = "";

  await step("a budget and a region choose the workflow", async () => {
    await maya.openChannel("nova-marketing");
    await maya.say(words);
    await maya.openThread("budget 8000 EUR");
    await maya.card("Video").getByRole("link", { name: /^DES-\d+$/ }).waitFor();
    key = await maya.card("Video").getByRole("link", { name: /^CR-\d+$/ }).innerText();
    const ben = await Member.enter(world, "Ben Osei");
    await ben.openApp();
    await ben.asked(key).getByRole("button", { name: /^Send to review/ }).click();
    await maya.card(key).getByText(/Legal.*0 of 2/).first().waitFor();
    await maya.card(key).getByText(/Brand review.*0 of 1/).first().waitFor();
  });

  const dana = await Member.enter(world, "Dana Wolf");
  const ana = await Member.enter(world, "Ana Reyes");
  const about = (person, stage) => person.asked(key).filter({ hasText: new RegExp(`Stage\\s*${stage}`) });
  const approve = (person, stage) => about(person, stage).getByRole("button", { name: /^Approve/ }).click();

  await step("one of two is shown with names", async () => {
    const eli = await Member.enter(world, "Eli Marsh");
    await eli.openApp();
    await approve(eli, "Legal");
    const card = maya.card(key).filter({ hasText: "1 of 2" });
    await card.waitFor();
    assert.match(await card.innerText(), /Approved by\s+@Eli Marsh/);
    await dana.openApp();
    await about(dana, "Legal").filter({ hasText: "1 of 2" }).waitFor();
  });

  await step("the third is not needed any more, and has nothing to press", async () => {
    await ana.openApp();
    await about(ana, "Legal").getByRole("button", { name: /^Approve/ }).waitFor();
    await approve(dana, "Legal");
    const closed = ana.asked(key).filter({ hasText: "not needed any more" });
    await closed.filter({ hasText: "Legal was approved by Eli Marsh and Dana Wolf" }).waitFor();
    assert.equal(await closed.getByRole("button", { name: deciding }).count(), 0);
    await about(ana, "Brand review").getByRole("button", { name: /^Approve/ }).waitFor();
  });

  await step("the last stage opens when both are done", async () => {
    await approve(ana, "Brand review");
    await approve(dana, "Final sign-off");
    await maya.card(key).filter({ hasText: "1 of 2" }).waitFor();
    await maya.card(key).getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: /Status\s*Approved/ }).waitFor();
  });
});
