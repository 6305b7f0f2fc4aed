// The record is moved by hand: what happens on the board shows in Slack.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Board } from "../support/jira.js";
import { signIn } from "../support/pages.js";
import { inReview } from "../support/play.js";

story("a ticket moved by hand while its review is open", async (world, step) => {
  const { maya, key, ticket } = await inReview(world);
  const board = await Board.open(world);
  await board.seenIn(ticket, "In Review");

  const said = maya.remarks.filter({ hasText: "was moved" });
  await step("dragged to another column, the thread says so and the review stays open", async () => {
    await board.drag(ticket, "Done");
    await board.seenIn(ticket, "Done");
    await said.filter({ hasText: "moved to Done" }).waitFor();
    assert.equal(await said.count(), 1, "said once");
    const card = maya.card(key).filter({ hasText: "was moved to Done in Jira by Ana Reyes while Brand review is open" });
    await card.getByRole("button", { name: /^Approve/ }).waitFor();
  });

  await step("the ticket says so, too, and the page of the request shows both facts", async () => {
    const other = await Board.open(world);
    const { comments } = await other.openTicket(ticket);
    await comments.getByText(/was moved to Done in Jira by Ana Reyes while Brand review is open/).first().waitFor();
    const page = await signIn(world, "Dana Wolf");
    await page.goto(`/requests/${key}`);
    await page.getByText(/was moved to Done in Jira by Ana Reyes while Brand review is open/).first().waitFor();
    await page.getByRole("region", { name: "Stages" }).getByText(/Waiting for Ana Reyes/).waitFor();
  });

  await step("moved back by the form of its card, the problem is gone", async () => {
    await board.move(ticket, "In Review");
    await maya.card(key).filter({ hasNotText: "while Brand review is open" }).waitFor();
    assert.equal(await said.count(), 1, "nothing more is said");
  });
}, { args: ["--empty"] });

story("with the setting, a ticket moved by hand is moved back", async (world, step) => {
  const { maya, ticket } = await inReview(world);
  const board = await Board.open(world);
  await board.seenIn(ticket, "In Review");
  await step("dragged past the open approval, it returns, and the thread says why", async () => {
    await board.drag(ticket, "Done");
    await maya.remarks.filter({ hasText: "The approval goes on, so it is moved back to in review." }).waitFor();
    await board.seenIn(ticket, "In Review");
  });
}, { args: ["--empty", "--bypass", "move back"] });
