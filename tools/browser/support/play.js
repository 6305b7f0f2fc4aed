// Beginnings that several stories share.
import { Member } from "./slack.js";

/**
 * Maya asks for something in #design-requests, and its designer sends it to review. Afterwards Maya looks at the
 * thread.
 */
export async function inReview(world, { words = "Need a Nova banner 300x250 by Friday EOD", title = "Nova: banner", visitor } = {}) {
  const maya = await Member.enter(world, "Maya Lind", visitor);
  await maya.openChannel("design-requests");
  await maya.say(`@signoff ${words}`);
  await maya.openThread(words);
  const card = maya.card(title);
  const ticket = await card.getByRole("link", { name: /^DES-\d+$/ }).innerText();
  const key = await card.getByRole("link", { name: /^CR-\d+$/ }).innerText();
  const owner = /\bby @([^·]+)/.exec(await card.innerText())[1].trim();
  const designer = await Member.enter(world, owner, visitor);
  await designer.openApp();
  await designer.asked(key).getByRole("button", { name: /^Send to review/ }).click();
  await maya.card(key).getByRole("button", { name: /^Approve/ }).waitFor();
  return { maya, designer, key, ticket };
}

/**
 * Maya asks for the sign-off of a file by its link, and the designer sends its newest version to review. Afterwards Maya
 * looks at the thread, and the designer at what the app wrote.
 */
export async function versionInReview(world, words, link, { channel = "design-requests" } = {}) {
  const maya = await Member.enter(world, "Maya Lind");
  await maya.openChannel(channel);
  await maya.say(`@signoff ${words} by Friday EOD: ${link}`);
  await maya.openThread(words);
  const card = maya.card("version: v");
  const ticket = await card.getByRole("link", { name: /^DES-\d+$/ }).innerText();
  const key = await card.getByRole("link", { name: /^CR-\d+$/ }).innerText();
  const owner = /\bby @([^·]+)/.exec(await card.innerText())[1].trim();
  const designer = await Member.enter(world, owner);
  await designer.openApp();
  await designer.asked(key).getByRole("button", { name: /^Send v\d+ to review/ }).click();
  await maya.card(key).getByRole("button", { name: /^Approve/ }).first().waitFor();
  return { maya, designer, key, ticket };
}
