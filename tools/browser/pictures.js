// Takes the pictures of the documentation from a demo: ./run pictures.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inWorld } from "./support/demo.js";
import { signIn } from "./support/pages.js";
import { Panel } from "./support/panel.js";
import { Member } from "./support/slack.js";

const folder = join(fileURLToPath(import.meta.url), "../../../docs/img");
const words = "@signoff Lumen hero banner 970x250, 300x250 for the spring launch in EMEA by Friday EOD";

await inWorld(["--empty"], async (world) => {
  const panel = await Panel.open(world);
  const maya = await Member.enter(world, "Maya Lind", { viewport: { width: 1280, height: 860 } });
  await maya.openChannel("launch");
  await maya.say("Morning! The spring launch page goes live on Monday.");
  await maya.say(words);
  await maya.openThread("hero banner");
  const card = maya.card("hero banner");
  const key = await card.getByRole("link", { name: /^CR-\d+$/ }).innerText();
  await card.getByRole("link", { name: /^DES-\d+$/ }).waitFor();
  const owner = /\bby @([^·]+)/.exec(await card.innerText())[1].trim();

  const designer = await Member.enter(world, owner);
  await panel.forward("+4 working hours");
  await designer.openApp();
  await designer.asked(key).getByRole("button", { name: /^Send to review/ }).click();
  const ana = await Member.enter(world, "Ana Reyes");
  await ana.openApp();
  await ana.asked(key).getByRole("button", { name: /^Request changes/ }).waitFor();
  await panel.forward("+1 working hour");
  await ana.asked(key).getByRole("button", { name: /^Request changes/ }).click();
  await ana.dialog.getByLabel("What should change?").fill("- Logo larger, it is lost on phones\n- End on the claim");
  await ana.send("Send").click();
  await designer.about(key, "Logo larger").getByRole("button", { name: /^Send to review/ }).waitFor();
  await panel.forward("+4 working hours");
  await designer.about(key, "Logo larger").getByRole("button", { name: /^Send to review/ }).click();
  await designer.dialog.getByLabel(/^1\. /).fill("Twice as large, with more room around it");
  await designer.dialog.getByLabel(/^2\. /).fill("The last frame holds the claim for 2 s");
  await designer.send("Send to review").click();
  await designer.dialog.waitFor({ state: "hidden" });
  await maya.card(key).getByRole("button", { name: /^Approve/ }).waitFor();
  await maya.remarks.first().waitFor();
  await maya.page.screenshot({ path: join(folder, "slack.png") });

  const desk = await signIn(world, "Dana Wolf", { viewport: { width: 1280, height: 1040 } });
  await desk.goto(`/requests/${key}`);
  await desk.screenshot({ path: join(folder, "request.png") });

  const phone = await signIn(world, "Dana Wolf", {
    viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true,
  });
  await phone.goto(`/requests/${key}`);
  await phone.screenshot({ path: join(folder, "phone.png") });
});
