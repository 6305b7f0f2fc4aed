// Story 7: changes are asked for as numbered points, at the work and in Slack, and are answered with the next version.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Canvas } from "../support/figma.js";
import { Board } from "../support/jira.js";
import { versionInReview } from "../support/play.js";
import { Member } from "../support/slack.js";

story("points in Figma are answered with the next version", async (world, step) => {
  const lin = await Canvas.open(world, "Lin", "Spring banner");
  await lin.save("v3 - legal copy");
  const { maya, designer, key, ticket } = await versionInReview(world, "Lumen Spring banner 300x250", await lin.link());
  const board = await Board.open(world);
  const ana = await Member.enter(world, "Ana Reyes");
  const dana = await Canvas.open(world, "Dana Wolf", "Spring banner");

  await step("a comment in the file is a point, which the card counts", async () => {
    await dana.comment("The claim is hard to read.");
    await ana.openApp();
    await ana.about(key, "Brand review").filter({ hasText: "open points 1" }).waitFor();
    await maya.card(key).filter({ hasText: /1\. The claim is hard to read\. · @Dana Wolf/ }).waitFor();
  });

  await step("changes are asked for with a required note, one point a line", async () => {
    await ana.about(key, "Brand review").getByRole("button", { name: /^Request changes/ }).click();
    await ana.dialog.getByLabel(/^Link/).waitFor();
    await ana.send("Send").click();
    await ana.dialog.getByText("Please complete this required field.").waitFor();
    await ana.dialog.getByLabel("What should change?").fill("- Logo larger\n- End on the claim");
    await ana.send("Send").click();
    await ana.dialog.waitFor({ state: "hidden" });
    await board.seenIn(ticket, "In Progress");
  });

  const points = /1\. The claim is hard to read\..*2\. Logo larger.*3\. End on the claim/s;
  const work = designer.asked(key).filter({ hasText: "Your turn, revision 2" });
  await step("the designer gets numbered points, the thread and the file a notice", async () => {
    await work.filter({ hasText: points }).waitFor();
    await maya.remarks.filter({ hasText: /Ana Reyes asked for changes in Brand review/ }).filter({ hasText: points }).waitFor();
    const told = dana.told("Ana Reyes asked for changes");
    await dana.seen(told.filter({ hasText: points }));
    assert.equal(await told.count(), 1, "once");
  });

  await step("a reply in the file answers its point", async () => {
    const there = await Canvas.open(world, designer.name, "Spring banner");
    await there.reply("The claim is hard to read", "It is darker in v4.");
    await work.filter({ hasText: /1\. The claim is hard to read.*Answer: It is darker in v4\./s }).waitFor();
  });

  await step("a version is saved, and the bot offers to send it to review", async () => {
    await lin.save("v4 - larger logo");
    await work.filter({ hasText: /Figma version: v4 - larger logo · saved by Lin/ }).waitFor();
    const offer = designer.asked(key).filter({ hasText: /v4 - larger logo.*was saved by Lin.*Send v4 to review\?/s });
    await offer.getByRole("button", { name: "Not yet" }).waitFor();
    await offer.getByRole("button", { name: /^Send v4 to review/ }).click();
    await designer.dialog.getByLabel(/^2\. Logo larger/).fill("Twice as large");
    await designer.dialog.getByLabel(/^3\. End on the claim/).fill("It ends on the claim");
    assert.equal(await designer.dialog.getByLabel(/^1\./).count(), 0, "the first is answered");
    await designer.send("Send to review").click();
    await designer.dialog.waitFor({ state: "hidden" });
    await board.seenIn(ticket, "In Review");
  });

  const again = ana.about(key, "Brand review, revision 2");
  await step("the reviewer's card shows the points with their answers", async () => {
    await again.filter({ hasText: /Figma version: v4 - larger logo/ }).filter({ hasText: "open points 0" }).waitFor();
    assert.match(await again.innerText(), /1\. The claim.*Answer: It is darker in v4\..*2\. Logo.*Answer: Twice as large.*3\. End.*Answer: It ends on the claim/s);
    await again.getByRole("img", { name: "v4 - larger logo" }).waitFor();
  });

  await step("an approval past an open point is asked about", async () => {
    await dana.comment("The sun is too dark.");
    await again.filter({ hasText: "open points 1" }).waitFor();
    await again.getByRole("button", { name: /^Approve/ }).click();
    const doubt = ana.whispers.filter({ hasText: "The sun is too dark." });
    await doubt.getByRole("button", { name: /^Approve anyway/ }).click();
    await maya.card(key).getByText(/Brand review was approved by @?Ana Reyes for v4 - larger logo/).first().waitFor();
  });
}, { args: ["--empty"] });
