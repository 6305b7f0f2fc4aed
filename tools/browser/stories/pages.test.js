// signoff's own pages: from the role picker to a decision, on a desk and on a phone.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { signIn } from "../support/pages.js";
import { inReview } from "../support/play.js";

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

story("a decision on signoff's own pages", async (world, step) => {
  const { maya, designer, key, ticket } = await inReview(world);
  const dana = await signIn(world, "Dana Wolf");
  const open = (page) => page.getByRole("link", { name: new RegExp(`^${key}`) }).click();
  const undecided = async (page) => assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);

  await step("the list says what is waited for", async () => {
    const row = dana.getByRole("row", { name: new RegExp(key) });
    assert.match(await row.innerText(), /in review[\s\S]*Brand review[\s\S]*Ana Reyes or Dana Wolf/);
    assert.match(await row.innerText(), new RegExp(ticket));
    await dana.getByRole("link", { name: "Waiting for you" }).click();
    await dana.getByRole("row", { name: new RegExp(key) }).waitFor();
    await dana.getByRole("searchbox", { name: "Search" }).fill("no such thing");
    await dana.getByRole("button", { name: "Show" }).click();
    await dana.getByText(/nothing|no request/i).first().waitFor();
    assert.equal(await dana.getByRole("row", { name: new RegExp(key) }).count(), 0);
    await dana.goto("/");
  });

  await step("the request tells its stages, its links and every event with its reasons", async () => {
    await open(dana);
    await dana.getByRole("heading", { level: 1, name: /Nova: banner/ }).waitFor();
    const stages = dana.getByRole("region", { name: "Stages" });
    const entered = stages.getByRole("definition").first().getByRole("time");
    assert.ok(Date.parse(await entered.getAttribute("datetime")), "a moment that a machine can read");
    const events = dana.getByRole("region", { name: "What happened, and why" });
    await events.getByText("was opened by the rule “Banners”").or(events.getByText('was opened by the rule "Banners"')).waitFor();
    await events.getByText(`${designer.name} sent revision 1 to review.`).waitFor();
    await dana.getByRole("link", { name: ticket }).first().waitFor();
  });

  await step("who may not decide reads why, in a sentence", async () => {
    const maker = await signIn(world, designer.name);
    await open(maker);
    await maker.getByText("You can't approve your own work. Ana Reyes or Dana Wolf can.").waitFor();
    await undecided(maker);
    const eli = await signIn(world, "Eli Marsh");
    await open(eli);
    await eli.getByText(/Brand review is Ana Reyes.* or Dana Wolf.*/).waitFor();
    await undecided(eli);
  });

  const ana = await signIn(world, "Ana Reyes", phone);
  await step("changes without a note are refused where they were asked for", async () => {
    await open(ana);
    world.allow(422);
    await ana.getByRole("button", { name: "Request changes" }).click();
    await ana.getByRole("alert").getByText(/Please say what should change/).waitFor();
    await ana.getByRole("button", { name: "Approve" }).waitFor();
  });

  await step("approved with a thumb, Slack agrees", async () => {
    assert.ok(await narrow(ana), "nothing sticks out at 390 pixels");
    await ana.getByRole("button", { name: "Approve" }).click();
    await ana.getByRole("region", { name: "Stages" }).getByText("Ana Reyes approved").waitFor();
    await undecided(ana);
    await maya.card(key).filter({ hasText: "Brand review was approved by Ana Reyes" }).waitFor();
  });

  await step("a form that was open meanwhile is answered, not counted", async () => {
    world.allow(409);
    await dana.getByRole("button", { name: "Approve" }).click();
    await dana.getByRole("alert").getByText(/Ana Reyes already approved this/).waitFor();
    await undecided(dana);
  });

  await step("the requester signs off in Slack, and the list empties", async () => {
    await maya.card(key).getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: "Approved · for" }).waitFor();
    await dana.goto("/");
    assert.equal(await dana.getByRole("row", { name: new RegExp(key) }).count(), 0);
    await dana.getByRole("link", { name: "All" }).click();
    await dana.getByRole("row", { name: new RegExp(`${key}[\\s\\S]*approved`) }).waitFor();
  });
}, { args: ["--empty"] });

/** Whether the page is no wider than the window. */
async function narrow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
}
