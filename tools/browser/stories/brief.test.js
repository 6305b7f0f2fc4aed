// Story 4: an incomplete brief. Who asked is asked once, for exactly what is missing, and then it moves on by itself.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { accessible } from "../support/look.js";
import { signIn } from "../support/pages.js";
import { Member } from "../support/slack.js";

const inspected = { bypassCSP: true };
const wish = "A landing page for the Nova sunscreen by Friday";

story("an incomplete brief is completed in Slack", async (world, step) => {
  const maya = await Member.enter(world, "Maya Lind", inspected);

  await step("the card says what the brief needs, and that it waits for the one who asked", async () => {
    await maya.openChannel("launch");
    await maya.say(`@signoff ${wish}`);
    await maya.openThread(wish);
    await maya.thread.getByText(/Brief needs 2 things: Audience and Legal claim/).waitFor();
    await maya.thread.getByText(/waiting on requester/).waitFor();
  });
  const key = (await maya.thread.getByRole("link", { name: /^CR-\d+$/ }).first().innerText()).trim();

  await step("the page of the request says the same, with a form for those who take part", async () => {
    const chloe = await signIn(world, "Chloé Roy", inspected);
    await chloe.goto(`/requests/${key}`);
    await chloe.getByText(/Waiting on requester Maya Lind/).waitFor();
    await chloe.getByLabel(/^Audience/).waitFor();
    await chloe.getByLabel(/^Legal claim/).waitFor();
    await accessible(chloe, "the page of a request that waits for its brief");
  });

  await step("her own message has a button that opens exactly those two fields", async () => {
    await maya.openApp();
    const asked = maya.asked(key).last();
    await asked.getByText(/Brief needs 2 things/).waitFor();
    await accessible(maya.page, "the question for what is missing");
    await asked.getByRole("button", { name: /^Fill in 2 fields/ }).click();
    await maya.dialog.getByLabel("Audience").waitFor();
    const fields = maya.dialog.getByRole("textbox");
    assert.equal(await fields.count(), 2, "the form has other fields than the two that are missing");
    await maya.dialog.getByLabel("Legal claim").waitFor();
    await accessible(maya.page, "the form for what is missing");
  });

  await step("filled in, it moves on by itself", async () => {
    await maya.dialog.getByLabel("Audience").fill("Families with small children");
    await maya.dialog.getByLabel("Legal claim").fill("Tested by dermatologists, study 12/2026");
    await maya.send("Send").click();
    await maya.dialog.waitFor({ state: "hidden" });
    await maya.asked(key).last().getByText(/The brief is complete/).waitFor();
    await maya.openChannel("launch");
    await maya.openThread(wish);
    await maya.thread.getByText(/In progress/).first().waitFor();
    assert.equal(await maya.thread.getByText(/Brief needs/).count(), 0, "the card still says that something is missing");
  });

  await step("whoever makes it is asked for the work", async () => {
    const chloe = await Member.enter(world, "Chloé Roy");
    await chloe.openApp();
    await chloe.asked(key).last().getByRole("button", { name: /^Send to review/ }).waitFor();
  });
}, { args: ["--empty"] });
