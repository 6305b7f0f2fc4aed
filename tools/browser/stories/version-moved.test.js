// Story 9: a version is approved by one stage while another is open, and then the work moves on.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Canvas } from "../support/figma.js";
import { Board } from "../support/jira.js";
import { signIn } from "../support/pages.js";
import { versionInReview } from "../support/play.js";
import { Member, deciding } from "../support/slack.js";

const moved = "v4 - final replaced v3 - legal copy";

story("the version moves while Legal is open", async (world, step) => {
  const lin = await Canvas.open(world, "Lin", "Spring banner");
  await lin.save("v3 - legal copy");
  const { maya, key, ticket } = await versionInReview(world, "Lumen animation of the spring banner for EMEA, budget 8000 EUR", await lin.link());
  const board = await Board.open(world);
  const ana = await Member.enter(world, "Ana Reyes");
  const eli = await Member.enter(world, "Eli Marsh");
  for (const person of [ana, eli]) await person.openApp();

  await step("Brand approves v3, Legal is open", async () => {
    await ana.about(key, "Brand review").getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: /Brand review was approved by @?Ana Reyes for v3 - legal copy.*Legal · due .*waiting for @Eli Marsh/s }).waitFor();
    await eli.about(key, "Legal").filter({ hasText: "Figma version: v3 - legal copy" }).getByRole("button", { name: /^Approve/ }).waitFor();
  });

  const stale = await Member.enter(world, "Eli Marsh", { javaScriptEnabled: false }); // a page that does not refresh itself
  await stale.openApp();
  await step("v4 is saved: the cards about v3 say that it was replaced, and have no buttons", async () => {
    await lin.save("v4 - final");
    for (const [person, stage] of [[ana, "Brand review"], [eli, "Legal"]]) {
      const old = person.asked(key).filter({ hasText: `${moved}, the approval of v3 no longer counts` });
      await old.first().waitFor();
      for (const left of await old.getByRole("button", { name: deciding }).allInnerTexts()) assert.fail(`${person.name} can still press ${left}`);
      await person.about(key, `${stage}, revision 2`).filter({ hasText: "Figma version: v4 - final" }).getByRole("button", { name: /^Approve/ }).waitFor();
    }
    await maya.card(key).filter({ hasText: /In review, revision 2.*Figma version: v4 - final.*Brand review · due .*waiting for.*Legal · due .*waiting for/s }).waitFor();
  });

  await step("one message to each says what moved, and the thread and the ticket one", async () => {
    await ana.about(key, "Brand review, revision 2").filter({ hasText: `${moved}, so your decision on it no longer counts` }).waitFor();
    assert.equal(await ana.about(key, "Brand review, revision 2").count(), 1);
    assert.equal(await eli.about(key, "Legal, revision 2").count(), 1);
    const remark = maya.remarks.filter({ hasText: `${moved}, so the approval of Brand review no longer counts. Review starts again with Brand review and Legal.` });
    await remark.waitFor();
    assert.equal(await remark.count(), 1);
    await board.seenIn(ticket, "In Review");
    const { comments } = await board.openTicket(ticket);
    await comments.getByRole("paragraph").filter({ hasText: `${moved}, so the approval of Brand review no longer counts` }).waitFor();
    await board.page.getByText("Figma version: v4 - final (saved by Lin").waitFor();
  });

  await step("a press on the old card is answered with the new version", async () => {
    await stale.about(key, "Legal").getByRole("button", { name: /^Approve/ }).click();
    const answer = eli.whispers.filter({ hasText: /v4 - final replaced v3 - legal copy \(saved by Lin.*Please look at it and decide again\./s });
    await answer.waitFor();
    await maya.card(key).filter({ hasText: "waiting for @Eli Marsh, @Dana Wolf or @Ana Reyes (2 needed)" }).waitFor();
  });

  await step("the page holds both versions and what became of the approval", async () => {
    const page = await signIn(world, "Dana Wolf");
    await page.goto(`/requests/${key}`);
    for (const name of ["v4 - final", "v3 - legal copy"]) await page.getByRole("link", { name, exact: true }).waitFor();
    await page.getByRole("heading", { name: "Legal, v4 - final" }).waitFor();
    await page.getByText(`${moved} (saved by Lin`).first().waitFor();
    await page.getByText("Ana Reyes approved Brand review.").waitFor();
  });
}, { args: ["--empty"] });
