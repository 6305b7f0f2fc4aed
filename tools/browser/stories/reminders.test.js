// Time passes: reminders and escalations come by themselves when the clock of the demo is moved.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Member } from "../support/slack.js";
import { Panel } from "../support/panel.js";
import { inReview } from "../support/play.js";

story("moving the clock brings reminders", async (world, step) => {
  const { maya, key } = await inReview(world);
  const panel = await Panel.open(world);
  const dana = await Member.enter(world, "Dana Wolf");
  await dana.openApp();
  await dana.asked(key).getByRole("button", { name: /^Approve/ }).waitFor();

  await step("half of the time limit later the thread is reminded, once", async () => {
    const before = await panel.now();
    await panel.forward("+4 working hours");
    assert.ok((await panel.now()) > before, "the clock moved");
    await panel.forward("+10 minutes");
    await maya.remarks.filter({ hasText: "still waits for Ana Reyes or Dana Wolf" }).first().waitFor();
    assert.equal(await maya.remarks.count(), 1);
  });

  await step("near the end each reviewer is reminded in private", async () => {
    const before = await dana.asked(key).count();
    await panel.forward("+4 working hours");
    await dana.asked(key).nth(before).waitFor();
  });

  await step("a decision ends the reminders of those who were asked", async () => {
    await dana.asked(key).getByRole("button", { name: /^Approve/ }).first().click();
    await dana.whispers.filter({ hasText: "recorded" }).waitFor();
    await maya.card(key).filter({ hasText: /Sign-off.*waiting for @Maya Lind/ }).waitFor();
    const told = await dana.asked(key).count();
    await panel.forward("+1 working day");
    await maya.remarks.filter({ hasText: /still waits for .*\(Sign-off\)/ }).waitFor();
    assert.equal(await dana.asked(key).count(), told, "nobody is reminded of what is decided");
  });
}, { args: ["--empty"] });
