// Looks at a page the way a careful reviewer does: rules of accessibility, both colour schemes, three widths, keyboard.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const sizes = { desk: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

/** Fails where axe-core finds a violation, light or dark, on a desk or on a phone, or where a phone scrolls sideways. */
export async function accessible(page, name) {
  await page.evaluate(axe);
  const found = [];
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const line of await violations(page)) found.push(`${name}, ${size}, ${colorScheme}: ${line}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 360, height: 740 });
  for (const line of await stickingOut(page)) found.push(`${name}, 360 pixels: ${line}`);
  await page.setViewportSize(sizes.desk);
  assert.deepEqual(found, []);
}

async function violations(page) {
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id} ${node.target.join(" ")} ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`));
  });
}

/** What makes the page wider than the window. */
async function stickingOut(page) {
  return page.evaluate(() => {
    if (document.documentElement.scrollWidth <= window.innerWidth) return [];
    return [...document.body.querySelectorAll("*")]
      .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1)
      .slice(-5)
      .map((e) => `sticks out: ${e.outerHTML.slice(0, 120)}`);
  });
}

/**
 * Walks through the page with the Tab key: a skip link comes first where asked, everything that can be used is reached,
 * and where the keyboard is can be seen. A date is several stops.
 */
export async function reachable(page, name, { skip = true } = {}) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
    getSelection().removeAllRanges();
  });
  const missing = await page.evaluate(markTabbable);
  const walked = [];
  for (let i = 0; i <= 4 * missing; i++) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(describeFocus);
    if (stop) walked.push(stop);
    if (stop?.left === 0) break;
  }
  if (skip) assert.match(walked[0]?.text ?? "nothing", /^Skip to/, `${name}: the first stop of the keyboard`);
  assert.deepEqual(walked.filter((stop) => !stop.visible).map((stop) => stop.html), [], `${name}: stops where the focus cannot be seen`);
  const left = await page.evaluate(() => [...document.querySelectorAll("[data-tabbable]")].map((e) => e.outerHTML.slice(0, 160)));
  assert.deepEqual(left, [], `${name}: never reached by Tab`);
}

/** Marks everything that a person can use and returns how many there are. Runs in the page. */
function markTabbable() {
  const dialog = document.querySelector("[aria-modal=true]");
  const radios = new Set();
  let n = 0;
  for (const e of (dialog ?? document).querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
    const box = e.getBoundingClientRect();
    const shown = e.checkVisibility({ visibilityProperty: true }) && box.width > 0 && box.height > 0;
    if (!shown || e.disabled || e.tabIndex < 0 || e.type === "hidden") continue;
    if (e.type === "radio" && radios.size === radios.add(e.name).size) continue;
    e.dataset.tabbable = "";
    n++;
  }
  return n;
}

/** Says where the keyboard is, and whether it can be seen there. Runs in the page. */
function describeFocus() {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  delete e.dataset.tabbable;
  const style = getComputedStyle(e);
  const box = e.getBoundingClientRect();
  const within = e.tagName === "IFRAME"; // a link in a letter, which shows its own ring
  const ring = within || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  const inside = box.bottom > 0 && box.right > 0 && box.top < window.innerHeight && box.left < window.innerWidth;
  const left = document.querySelectorAll("[data-tabbable]").length;
  return { left, text: e.textContent.trim(), html: e.outerHTML.slice(0, 160), visible: ring && inside };
}
