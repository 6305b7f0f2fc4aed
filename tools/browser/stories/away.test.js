// Story 10: somebody is away. What waits moves at once, the cover decides in their place, a circle is refused, and it comes back.
import assert from "node:assert/strict";
import { story } from "../support/demo.js";
import { Member, deciding } from "../support/slack.js";
import { signIn } from "../support/pages.js";
import { inReview } from "../support/play.js";

story("somebody is away and another decides for them", async (world, step) => {
  const { maya, key } = await inReview(world);
  const ana = await Member.enter(world, "Ana Reyes");
  const eli = await Member.enter(world, "Eli Marsh");
  const command = async (person, words) => {
    await person.page.getByRole("textbox", { name: /^Message / }).last().fill(words);
    await person.page.getByRole("button", { name: "Send", exact: true }).click();
  };
  await ana.openApp();
  await ana.asked(key).getByRole("button", { name: /^Approve/ }).waitFor();
  await eli.openApp();

  await step("Ana says that she is away: her question closes, and Eli has it for her", async () => {
    await ana.openChannel("launch");
    await command(ana, "/signoff away today to tomorrow cover @eli");
    await ana.whispers.filter({ hasText: "Eli Marsh stands in: 1 waiting item moves to Eli." }).waitFor();
    await eli.about(key, "for @Ana Reyes (away until").getByRole("button", { name: /^Approve/ }).waitFor();
    await maya.card(key).filter({ hasText: /waiting for @Eli Marsh or @Dana Wolf.*Eli Marsh for Ana Reyes, away until/s }).waitFor();
    await ana.openApp();
    const closed = ana.asked(key).filter({ hasText: "Eli Marsh is asked about Brand review for you while you are away" });
    await closed.waitFor();
    assert.equal(await closed.getByRole("button", { name: deciding }).count(), 0);
  });

  await step("a circle of covers is refused with the names", async () => {
    await eli.openChannel("launch");
    await command(eli, "/signoff away today cover @ana");
    await eli.whispers.filter({ hasText: "Eli Marsh → Ana Reyes → Eli Marsh" }).waitFor();
  });

  await step("the page says who is away and who stands in", async () => {
    const page = await signIn(world, "Dana Wolf");
    await page.getByRole("link", { name: "People" }).click();
    await page.getByRole("heading", { level: 1, name: "People" }).waitFor();
    await page.getByRole("listitem").filter({ hasText: "Ana Reyes" }).filter({ hasText: "Eli Marsh stands in" }).waitFor();
    await page.getByLabel("First day").fill("2030-03-11");
    await page.getByLabel("Last day").fill("2030-03-15");
    await page.getByLabel("Who stands in").selectOption("Ana Reyes");
    await page.getByRole("button", { name: "I am away" }).click();
    await page.getByText("You are away from Mon 11 Mar to Fri 15 Mar. Ana Reyes stands in").waitFor();
    await page.getByRole("button", { name: "I am back" }).click();
    await page.getByText("You are not away now. Called off: Mon 11 Mar to Fri 15 Mar").waitFor();
  });

  await step("Eli decides for Ana, and everybody reads it", async () => {
    await eli.openApp();
    await eli.about(key, "for @Ana Reyes").getByRole("button", { name: /^Approve/ }).click();
    await maya.card(key).filter({ hasText: /Brand review was approved by Eli Marsh for Ana Reyes/ }).waitFor();
    await ana.asked(key).filter({ hasText: "Brand review was approved by Eli Marsh for Ana Reyes" }).waitFor();
  });

  await step("she is back", async () => {
    await ana.openChannel("launch");
    await command(ana, "/signoff back");
    await ana.whispers.filter({ hasText: "You are back" }).waitFor();
  });
}, { args: ["--empty"] });
