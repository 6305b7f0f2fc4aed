// Every kind of page, by the rules of axe-core, in both colour schemes, on a desk and on a phone, and by keyboard.
import { story } from "../support/demo.js";
import { Canvas } from "../support/figma.js";
import { Room } from "../support/frameio.js";
import { accessible, reachable } from "../support/look.js";
import { Mailbox } from "../support/mail.js";
import { signIn } from "../support/pages.js";
import { paper } from "../support/paper.js";
import { inReview } from "../support/play.js";
import { Member } from "../support/slack.js";

// The rules are injected as a script, which the pages' own policy rightly refuses.
const inspected = { bypassCSP: true };

async function look(page, name, options) {
  await accessible(page, name);
  await reachable(page, name, options);
}

/** Looks at the open page from its beginning, not from the place that its address names. */
async function lookAfresh(page, name) {
  const address = page.url().replace(/#.*/, "");
  await page.goto("about:blank");
  await page.goto(address);
  await look(page, name);
}

story("signoff's own pages are for everybody", async (world, step) => {
  const { maya, designer, key } = await inReview(world, { visitor: inspected });
  const page = await signIn(world, "Ana Reyes", inspected);
  await step("the list", () => look(page, "the list"));
  await step("an empty list", async () => {
    await page.goto("/?q=nothing+of+the+kind");
    await look(page, "an empty list");
  });
  await step("a request that waits for the reader", async () => {
    await page.goto(`/requests/${key}`);
    await look(page, "a request in review");
  });
  await step("a request with points of an earlier revision", async () => {
    world.allow(422);
    await page.getByRole("button", { name: "Request changes" }).click();
    await page.getByRole("alert").waitFor();
    await look(page, "a refusal");
    await page.getByRole("textbox", { name: /^Note/ }).fill("Logo larger\n\nShow the claim");
    await page.getByRole("button", { name: "Request changes" }).click();
    await page.getByRole("heading", { name: "Change requests" }).waitFor();
    await look(page, "a request with points");
    const maker = await signIn(world, designer.name, inspected);
    await maker.goto(`/requests/${key}`);
    await look(maker, "a request that is to be made");
  });
  await step("deliveries", async () => {
    await page.goto("/deliveries");
    await look(page, "deliveries");
    await page.getByRole("main").getByRole("table").getByRole("link").first().click();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await look(page, "a delivery");
  });
  await step("the people", async () => {
    await page.goto("/people");
    await look(page, "the people");
  });
  await step("the rules", async () => {
    await page.goto("/rules");
    await look(page, "the rules");
  });
  await step("nothing here", async () => {
    world.allow(404);
    await page.goto("/requests/CR-999");
    await look(page, "a page that is not there");
  });
  await step("signing in", async () => {
    const stranger = await world.visitor(inspected);
    world.allow(401);
    await stranger.goto("/");
    await look(stranger, "signing in");
    await stranger.goto("/demo/roles");
    await look(stranger, "the roles");
  });
  await maya.page.close();
}, { args: ["--empty"] });

story("a conversation is for everybody, wherever it is read", async (world, step) => {
  const { maya, key, ticket } = await inReview(world, { visitor: inspected });
  const jira = await world.visitor(inspected);
  await maya.reply("Here is the *brief*, please keep the claim", [paper("brief.pdf")]);
  await maya.card(key).getByText("brief.pdf").waitFor();
  await step("in the thread", async () => {
    await maya.page.reload();
    await look(maya.page, "a conversation in Slack");
  });
  await step("in the ticket", async () => {
    await jira.goto(`/demo/jira/browse/${ticket}`);
    await jira.getByRole("link", { name: "brief.pdf" }).first().waitFor();
    await jira.getByLabel(/^Comment as/).fill("Thank you");
    await jira.getByRole("button", { name: "Add comment" }).click();
    await maya.thread.getByText("Thank you").waitFor();
    await jira.getByText(/^Change/).first().click();
    await look(jira, "a ticket with a conversation", { skip: false });
  });
  await step("on the page of the request", async () => {
    const page = await signIn(world, "Dana Wolf", inspected);
    await page.goto(`/requests/${key}`);
    await page.getByRole("region", { name: "Conversation" }).waitFor();
    await look(page, "a request with a conversation");
  });
  await step("a draft that is offered", async () => {
    await maya.openChannel("creative-asks");
    await maya.say("A Nova banner for the lobby by Friday");
    await maya.whispers.getByRole("button", { name: "Create request" }).waitFor();
    await maya.page.reload();
    await look(maya.page, "a draft");
    await maya.whispers.getByRole("button", { name: "Edit…" }).click();
    await maya.dialog.getByLabel("Title").waitFor();
    await accessible(maya.page, "the form of a draft");
  });
  await step("the settings of the app in the pretend Slack", async () => {
    await jira.goto("/demo/slack/app");
    await look(jira, "the settings of the app", { skip: false });
  });
}, { args: ["--empty"] });

story("the pretend Slack is for everybody", async (world, step) => {
  const { maya, key } = await inReview(world, { visitor: inspected });
  await step("a channel with a thread", () => look(maya.page, "a thread"));
  await step("a channel, its menus", async () => {
    await maya.openChannel("design-requests");
    await look(maya.page, "a channel");
    await maya.message("Nova banner").hover();
    await maya.message("Nova banner").getByLabel(/^More actions/).click();
    await accessible(maya.page, "a message menu");
    await maya.page.keyboard.press("Escape");
    await maya.page.getByText("You are").click();
    await accessible(maya.page, "the choice of a person");
  });
  await step("the form of a request, and its errors", async () => {
    await maya.openChannel("launch");
    await maya.say("A Lumen video for the launch, please");
    await maya.menu(maya.message("A Lumen video"), /^New creative request/);
    await maya.dialog.getByLabel(/^Length in seconds/).waitFor();
    await look(maya.page, "the form", { skip: false });
    await maya.dialog.getByLabel("Title").fill("");
    await maya.send("Send request").click();
    await maya.dialog.getByRole("alert").waitFor();
    await accessible(maya.page, "the form with errors");
    await maya.dialog.getByRole("button", { name: "Close" }).click();
  });
  await step("a conversation with the app, and a question", async () => {
    const ana = await Member.enter(world, "Ana Reyes", inspected);
    await ana.openApp();
    await ana.asked(key).getByRole("button", { name: /^Approve/ }).waitFor();
    await look(ana.page, "a conversation with the app");
    await ana.asked(key).getByRole("button", { name: /^Request changes/ }).click();
    await ana.dialog.getByLabel("What should change?").waitFor();
    await look(ana.page, "the form for changes", { skip: false });
  });
  await step("the app's home, and choosing a person", async () => {
    await maya.page.getByRole("button", { name: "signoff home" }).click();
    await maya.page.getByRole("heading", { level: 1, name: "signoff" }).waitFor();
    await look(maya.page, "the app's home");
    await maya.page.goto("/demo/slack/");
    await look(maya.page, "choosing a person", { skip: false });
  });
}, { args: ["--empty"] });

story("the pretend Jira and the sandbox are for everybody", async (world, step) => {
  const { ticket } = await inReview(world);
  const page = await world.visitor(inspected);
  await step("the board", async () => {
    await page.goto("/demo/jira/");
    await page.getByText(ticket, { exact: true }).waitFor();
    await look(page, "the board");
    await page.getByText("Move to…").first().click();
    await accessible(page, "a card that is being moved");
  });
  await step("a ticket", async () => {
    await page.goto(`/demo/jira/browse/${ticket}`);
    await look(page, "a ticket");
    await page.getByText("Edit fields").click();
    await accessible(page, "a ticket that is being edited");
  });
  await step("the webhooks", async () => {
    await page.goto("/demo/jira/webhooks");
    await look(page, "the webhooks");
  });
  await step("the sandbox", async () => {
    await page.goto("/demo/");
    await look(page, "the sandbox");
    await page.getByRole("button", { name: "Arm the fault" }).click();
    await page.getByRole("listitem").filter({ hasText: "next call" }).waitFor();
    await accessible(page, "the sandbox with a fault");
  });
}, { args: ["--empty"] });

story("the pretend mail and Confluence are for everybody", async (world, step) => {
  await step("mail", async () => {
    const olga = await Mailbox.open(world, "Olga (agency)", inspected);
    await look(olga.page, "an empty inbox");
    await olga.write({ to: "requests@lumen.example", subject: "Banner for the fair", text: "We need a Nova banner 300x250 by Friday.", files: [paper("fair.pdf")] });
    await olga.read("Your request is now");
    await look(olga.page, "a letter");
    await olga.page.getByRole("link", { name: "Answer between the lines" }).click();
    await accessible(olga.page, "an answer between the lines");
    await olga.page.getByRole("link", { name: "Write", exact: true }).click();
    await look(olga.page, "a new letter");
    await olga.away("Away until Monday.");
    await look(olga.page, "an absence");
  });
  await step("Confluence", async () => {
    const page = await world.visitor(inspected);
    await page.goto("/demo/confluence/");
    await look(page, "the spaces");
    await page.getByRole("link", { name: "Nova launch brief" }).click();
    await page.getByRole("heading", { level: 1, name: "Nova launch brief" }).waitFor();
    await look(page, "a brief");
  });
}, { args: ["--empty"] });

story("the pretend Figma and Adobe are for everybody", async (world, step) => {
  await step("Figma", async () => {
    const lin = await Canvas.open(world, "Lin", "Spring banner", inspected);
    await lin.save("v2 - larger logo");
    await lin.comment("Is this the new claim?");
    await lookAfresh(lin.page, "a design file");
    await lin.page.goto("/demo/figma/");
    await look(lin.page, "the files of Figma");
  });
  await step("Frame.io", async () => {
    const lin = await Room.open(world, "Lin", "Spring teaser.mp4", inspected);
    await lin.comment("Is this the new claim?", "00:12");
    await lin.upload("Spring teaser v2.mp4");
    await lookAfresh(lin.page, "a film");
    await lin.page.getByRole("button", { name: "Ask for sign-off" }).click();
    await lin.page.getByLabel("Title").waitFor();
    await lookAfresh(lin.page, "a film with the form of a button");
  });
  await step("the rest of Adobe", async () => {
    const page = await world.visitor(inspected);
    for (const path of ["/demo/adobe/", "/demo/adobe/io", "/demo/adobe/workfront"]) {
      await page.goto(path);
      await look(page, path);
    }
    await page.getByRole("link", { name: "Spring brochure" }).click();
    await page.getByRole("heading", { level: 1, name: "Spring brochure" }).waitFor();
    await look(page, "a document");
  });
}, { args: ["--empty"] });
