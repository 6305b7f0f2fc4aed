// Story 2: what is said in the thread is said in the ticket, and the other way round, once each.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Board } from "../support/jira.js";
import { signIn } from "../support/pages.js";
import { paper } from "../support/paper.js";
import { inReview } from "../support/play.js";
import { Member } from "../support/slack.js";

async function bytes(page, link) {
  const answer = await page.request.get(await link.getAttribute("href"));
  return answer.body();
}

story("one conversation in Slack and Jira", async (world, step) => {
  const { maya, key, ticket } = await inReview(world);
  const board = await Board.open(world);
  await board.actAs("Jon Park");
  const { comments, files } = await board.openTicket(ticket);
  const hers = comments.getByRole("listitem").filter({ hasText: "Maya Lind" });

  await step("a reply with a PDF is a comment with her name, a link, and the same PDF", async () => {
    const brief = paper("nova-brief.pdf");
    await maya.reply("Here is the brief, please keep the claim", [brief]);
    await hers.filter({ hasText: "please keep the claim" }).waitFor();
    assert.equal(await hers.getByRole("link", { name: "Slack" }).count(), 1, "a link to the message");
    const link = files.getByRole("link", { name: "nova-brief.pdf" });
    await link.waitFor();
    assert.deepEqual(await bytes(board.page, link), brief.buffer, "byte for byte");
    await maya.card(key).getByText("nova-brief.pdf").waitFor();
  });

  await step("edited, it is the same comment and says so", async () => {
    await maya.edit(maya.answer("Here is the brief"), "Here is the brief, keep the claim and the logo");
    await hers.filter({ hasText: "the claim and the logo" }).filter({ hasText: "(edited)" }).waitFor();
    assert.equal(await hers.count(), 1, "one comment");
  });

  await step("deleted, only that is left", async () => {
    await maya.remove(maya.answer("the claim and the logo"));
    await hers.filter({ hasText: "removed in Slack by author" }).waitFor();
    assert.equal(await hers.getByText("the claim and the logo").count(), 0);
  });

  await step("Jon's comment is in the thread under his name, once; one for a role is not", async () => {
    await board.comment("The budget is 4000 and stays between us", "Developers");
    await board.comment("The publisher needs it below *150 kB*");
    const his = maya.thread.getByRole("article").filter({ hasText: "Jon Park" });
    await his.filter({ hasText: "The publisher needs it below 150 kB" }).waitFor();
    assert.equal(await his.count(), 1, "once");
    assert.equal(await maya.thread.getByText("between us").count(), 0);
  });

  await step("the page of the request tells the whole conversation", async () => {
    const page = await signIn(world, "Dana Wolf");
    await page.goto(`/requests/${key}`);
    const talk = page.getByRole("region", { name: "Conversation" });
    await talk.getByText("The publisher needs it below").waitFor();
    assert.equal(await talk.getByText("between us").count(), 0, "what is for a role stays in Jira");
  });
}, { args: ["--empty"] });

story("the conversation without JavaScript", async (world, step) => {
  const plain = { javaScriptEnabled: false };
  const maya = await Member.enter(world, "Maya Lind", plain);
  const board = await Board.open(world, plain);
  await step("a reply with a file reaches the ticket", async () => {
    await maya.openChannel("launch");
    await maya.say("@signoff A Nova banner for the fair by Friday EOD");
    await maya.openThread("banner for the fair");
    await maya.seen(maya.card("banner").getByRole("link", { name: /^DES-\d+$/ }));
    await maya.reply("With the brief", [paper("fair.pdf")]);
    await board.page.goto("/demo/jira/browse/DES-1");
    await board.seen(board.page.getByRole("link", { name: "fair.pdf" }));
  });
  await step("and the answer in Jira reaches the thread", async () => {
    await board.comment("Thank you, that is enough");
    await maya.seen(maya.thread.getByText("Thank you, that is enough"));
  });
}, { args: ["--empty"] });
