// One run of `signoff demo` and the browser that looks at it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// How long one visible change may take on a busy machine.
const patience = 15_000;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the stories with ./run`);
  return value;
}

/** Starts the demo on a free port and waits until it says that it is ready. */
async function startDemo(args) {
  const child = spawn(setting("SIGNOFF_BINARY"), ["demo", "--no-open", "-o", "json", "--listen", "127.0.0.1:0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const log = [];
  child.stderr.on("data", (chunk) => log.push(chunk));
  const ended = once(child, "exit");
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([text]) => text),
    ended.then(() => Promise.reject(new Error(`the demo ended before it was ready:\n${Buffer.concat(log)}`))),
  ]);
  const port = new URL(`http://${JSON.parse(line).listen}`).port;
  return {
    base: `http://localhost:${port}`,
    log: () => Buffer.concat(log).toString(),
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

/** Remembers what a page complains about, so that a story can end with "no complaints". */
function listen(page, complaints) {
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.location().url || page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
}

class World {
  pages = [];
  complaints = [];
  allowed = [];

  constructor(demo, browser) {
    this.demo = demo;
    this.browser = browser;
    this.base = demo.base;
  }

  /** A browser of its own for one person: nothing is shared with the others but the demo. */
  async visitor(options = {}) {
    const context = await this.browser.newContext({
      baseURL: this.base,
      viewport: { width: 1280, height: 900 },
      locale: "en-GB",
      ...options,
    });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    listen(page, this.complaints);
    this.pages.push(page);
    return page;
  }

  /** The browser reports pages that are answered with this status as errors; here they are meant. */
  allow(status) {
    this.allowed.push(`Failed to load resource: the server responded with a status of ${status} `);
  }

  /** Fails where a page complained in its console. */
  check() {
    const rest = this.complaints.filter((text) => !this.allowed.some((meant) => text.includes(meant)));
    if (rest.length > 0) throw new Error(`the console complained:\n${rest.join("\n")}`);
  }

  /** Leaves behind what helps to understand a failure: a picture of every page, the ledger, the log. */
  async evidence(name) {
    const folder = await mkdtemp(join(tmpdir(), "signoff-story-"));
    for (const [i, page] of this.pages.entries()) {
      const file = join(folder, `${name.replaceAll(/\W+/g, "-").slice(0, 60)}-${i + 1}.png`);
      await page.screenshot({ path: file, fullPage: true }).catch(() => {}); // a closed page has no picture
      console.error(`  picture: ${file}  (${page.url()})`);
    }
    await this.ledger();
    console.error(this.demo.log().split("\n").slice(-20).join("\n"));
  }

  /** Prints what the services last saw. */
  async ledger() {
    const page = await this.visitor();
    await page.goto("/demo/");
    const rows = await page.getByRole("region", { name: "Ledger entries" }).getByRole("row").allInnerTexts();
    console.error(rows.slice(0, 20).map((row) => `  ${row.replaceAll(/\s+/g, " ")}`).join("\n"));
  }

  async close() {
    await this.browser.close();
    await this.demo.stop();
  }
}

/** The steps of a story are its subtests; the first that fails ends the story. */
function steps(t) {
  return async (name, act) => {
    let failed;
    await t.test(name, async () => {
      try {
        await act();
      } catch (error) {
        failed = error;
        throw error;
      }
    });
    if (failed) throw new Error(`the story ends at "${name}"`, { cause: failed });
  };
}

/** Opens a demo of its own with a browser, and closes both when play is over. */
export async function inWorld(args, play) {
  const demo = await startDemo(args);
  const browser = await chromium.launch({ executablePath: setting("CHROMIUM"), args: flags });
  const world = new World(demo, browser);
  try {
    return await play(world);
  } finally {
    await world.close();
  }
}

/**
 * A story is a test with a demo of its own. Where it fails it leaves pictures and says what the services saw last; it
 * also fails where a page complained in its console.
 */
export function story(name, play, { args = [] } = {}) {
  test(name, { timeout: 120_000 }, (t) =>
    inWorld(args, async (world) => {
      try {
        await play(world, steps(t));
        world.check();
      } catch (error) {
        await world.evidence(name);
        throw error;
      }
    }),
  );
}
