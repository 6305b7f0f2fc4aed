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
    await maya.card(key).filter({ hasText: /Brand review.*\(1 needed\)/ }).filter({ hasText: /Legal.*\(2 needed\)/ }).waitFor();
  });

  const dana = await Member.enter(world, "Dana Wolf");
  const ana = await Member.enter(world, "Ana Reyes");
  const approve = (person, stage) => person.about(key, stage).getByRole("button", { name: /^Approve/ }).click();

  await step("one of two is shown with names", async () => {
    const eli = await Member.enter(world, "Eli Marsh");
    await eli.openApp();
    await approve(eli, "Legal");
    await maya.card(key).filter({ hasText: /Legal.*1 of 2: approved by @Eli Marsh · waiting for @Dana Wolf or @Ana Reyes/ }).waitFor();
    await dana.openApp();
    await dana.about(key, "Legal").filter({ hasText: "1 of 2" }).waitFor();
  });

  await step("the third is not needed any more, and has nothing to press", async () => {
    await ana.openApp();
    await ana.about(key, "Legal").getByRole("button", { name: /^Approve/ }).waitFor();
    await approve(dana, "Legal");
    const closed = ana.asked(key).filter({ hasText: /not needed any more/i });
    await closed.filter({ hasText: "Legal was approved by Eli Marsh and Dana Wolf" }).waitFor();
    assert.equal(await closed.getByRole("button", { name: deciding }).count(), 0);
    await ana.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).waitFor();
  });

  await step("the last stage opens when both are done", async () => {
    await approve(ana, "Brand review");
    await approve(dana, "Final sign-off");
    await maya.card(key).filter({ hasText: "1 of 2" }).waitFor();
    await maya.card(key).getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: "Approved · for" }).waitFor();
  });
});
