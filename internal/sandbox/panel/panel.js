// Keeps the ledger and the clock current. The page works without it.
"use strict";

function swap(fresh) {
  const focused = document.activeElement.closest("details")?.id;
  const open = [...document.querySelectorAll("details[open]")].map((d) => d.id);
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (next && part.innerHTML !== next.innerHTML) part.replaceChildren(...next.childNodes);
  }
  for (const id of open) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
  if (focused) document.getElementById(focused)?.querySelector("summary").focus({ preventScroll: true });
}

async function watch() {
  let { seq, news } = document.body.dataset;
  for (;;) {
    try {
      const answer = await fetch(`${news}?since=${seq}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const page = await fetch(location.href);
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
      seq = fresh.body.dataset.seq ?? seq;
      swap(fresh);
    } catch {
      await new Promise((done) => setTimeout(done, 2000));
    }
  }
}

watch();
