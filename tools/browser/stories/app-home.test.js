// Story 5: the page of one's own in Slack: what waits, what was asked for and on whom it waits, and why.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { accessible } from "../support/look.js";
import { Panel } from "../support/panel.js";
import { inReview } from "../support/play.js";
import { Member } from "../support/slack.js";

const inspected = { bypassCSP: true };

story("the Home tab of a reviewer and of the one who asked", async (world, step) => {
  const { maya, key } = await inReview(world);
  const ana = await Member.enter(world, "Ana Reyes", inspected);
  const home = await ana.openHome();
  const panel = await Panel.open(world);

  await step("what waits for Ana stands there with its buttons", async () => {
    await home.getByText("Waiting for you (1)").waitFor();
    await home.getByRole("link", { name: key }).first().waitFor();
    await home.getByRole("button", { name: /^Approve/ }).waitFor();
    await accessible(ana.page, "the home of a reviewer");
  });

  const hers = await maya.openHome();
  await step("Maya sees her request, its stage and who it waits for", async () => {
    await hers.getByText("Your requests (1)").waitFor();
    await hers.getByText(/Brand review/).first().waitFor();
    await hers.getByText(/Ana Reyes/).first().waitFor();
  });

  await step("Why here? says since when, until when, and when the next reminder comes", async () => {
    await panel.forward("+10 minutes");
    await hers.getByLabel("More").first().click();
    await hers.getByRole("button", { name: "Why here?" }).first().click();
    await maya.openApp();
    const why = maya.asked(key).last();
    await why.getByText(/since/i).first().waitFor();
    await why.getByText(/reminder/i).first().waitFor();
    assert.match(await why.innerText(), /Ana Reyes/);
    await maya.openHome();
  });

  await step("approved there, it leaves the page, and the thread agrees", async () => {
    await home.getByRole("button", { name: /^Approve/ }).click();
    await home.getByText("Nothing waits for you.").waitFor();
    await maya.openHome();
    await hers.getByRole("button", { name: /^Approve/ }).first().waitFor();
    await hers.getByText("Waiting for you (1)").waitFor();
  });

  await step("settings are kept", async () => {
    const drafts = hers.getByRole("combobox", { name: /drafts/i });
    const kept = maya.page.waitForResponse((answer) => answer.request().method() === "POST");
    await drafts.selectOption({ label: "Off" });
    await kept;
    await maya.openChannel("creative-asks");
    await maya.openHome();
    await drafts.locator("option:checked", { hasText: "Off" }).waitFor({ state: "attached" });
    await accessible(ana.page, "a home where nothing waits");
  });
}, { args: ["--empty"] });
