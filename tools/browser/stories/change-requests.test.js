// Story 7: changes are asked for as numbered points, at the work and in Slack, and are answered with the next version.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Canvas } from "../support/figma.js";
import { Room } from "../support/frameio.js";
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

story("points in Frame.io are answered with the next version", async (world, step) => {
  const lin = await Room.open(world, "Lin", "Spring teaser.mp4");
  const { maya, designer, key, ticket } = await versionInReview(world, "Lumen spring teaser video", await lin.link());
  const board = await Board.open(world);
  const ana = await Member.enter(world, "Ana Reyes");
  const there = await Room.open(world, "Ana Reyes", "Spring teaser.mp4");

  await step("a comment at a second of the film is a point of the version that is asked about", async () => {
    await ana.openApp();
    const asked = ana.about(key, "Brand review").filter({ hasText: /Frame\.io version: v1 - Spring teaser\.mp4 · saved by Lin.*open points 0/s });
    await asked.getByRole("img", { name: "v1 - Spring teaser.mp4" }).waitFor();
    await there.comment("The logo is cut off.", "00:12");
    await ana.about(key, "open points 1").waitFor();
  });

  const points = /1\. The logo is cut off\..*2\. End on the claim/s;
  const work = designer.asked(key).filter({ hasText: "Your turn, revision 2" });
  await step("changes are asked for: the designer, the thread and the file get the numbered points", async () => {
    await ana.about(key, "Brand review").getByRole("button", { name: /^Request changes/ }).click();
    await ana.dialog.getByLabel("What should change?").fill("End on the claim");
    await ana.send("Send").click();
    await ana.dialog.waitFor({ state: "hidden" });
    await board.seenIn(ticket, "In Progress");
    await work.filter({ hasText: points }).waitFor();
    await maya.remarks.filter({ hasText: points }).waitFor();
    await there.seen(there.told("Ana Reyes asked for changes in Brand review").filter({ hasText: points }));
    await there.seen(there.status("In Progress"));
  });

  await step("a reply answers its point, and a new version is offered to review", async () => {
    const ben = await Room.open(world, designer.name, "Spring teaser.mp4");
    await ben.reply("The logo is cut off", "It has more room now.");
    await work.filter({ hasText: /1\. The logo is cut off.*Answer: It has more room now\./s }).waitFor();
    await lin.upload("Spring teaser v2.mp4");
    const offer = designer.asked(key).filter({ hasText: /v2 - Spring teaser v2\.mp4.*was saved by Lin.*Send v2 to review\?/s });
    await offer.getByRole("button", { name: /^Send v2 to review/ }).click();
    await designer.dialog.getByLabel(/^2\. End on the claim/).fill("It ends on the claim");
    await designer.send("Send to review").click();
    await designer.dialog.waitFor({ state: "hidden" });
    await board.seenIn(ticket, "In Review");
  });

  await step("the card shows the points with their answers; the outcome is told where the film lies", async () => {
    const again = ana.about(key, "Brand review, revision 2").filter({ hasText: "Frame.io version: v2 - Spring teaser v2.mp4" });
    await again.filter({ hasText: /1\. The logo.*Answer: It has more room now\..*2\. End.*Answer: It ends on the claim/s }).waitFor();
    await again.getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: /Sign-off.*waiting for @Maya Lind/s }).getByRole("button", { name: /^Approve/ }).click();
    await lin.seen(lin.told(`${key} is approved`));
    assert.equal(await lin.told(key).count(), 1, "once");
    await lin.seen(lin.status("Approved"));
    await board.seenIn(ticket, "Done");
  });
}, { args: ["--empty"] });
