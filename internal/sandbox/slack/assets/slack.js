// Refreshes what changed and saves a click here and there. Everything works without it.
"use strict";

document.documentElement.classList.add("scripted");

// Enter sends, Shift+Enter breaks the line.
document.addEventListener("keydown", (event) => {
  const area = event.target;
  if (area.matches?.("[data-send-on-enter]") && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    const holds = [...area.form.elements].some((field) => field.type === "file" && field.files.length > 0);
    if (area.value.trim() !== "" || holds) area.form.requestSubmit();
  }
  if (event.key === "Escape") {
    const open = document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
      return;
    }
    document.querySelector(".modal .close, .ask .modal-foot a")?.click();
  }
});

// A choice that the app wants to know at once is sent at once.
document.addEventListener("change", (event) => {
  const field = event.target.closest?.("[data-send-on-change]");
  if (!field) return;
  const apply = field.closest(".control, fieldset, form")?.querySelector("button.without-script");
  field.form.requestSubmit(apply ?? undefined);
});

// The composer says how many files it will send.
document.addEventListener("change", (event) => {
  const { files, form } = event.target;
  if (event.target.type !== "file") return;
  const label = event.target.closest(".menu").querySelector(".label");
  label.textContent = files.length > 0 ? `Attached: ${files.length}` : "Attach";
  form?.querySelector("textarea")?.focus();
});

// One menu at a time; a click elsewhere closes it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A menu of a message opens where there is room for it: upwards near the composer, to the left near the edge.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  const scroll = menu.matches?.("details.menu[open]") && menu.closest(".scroll");
  if (!scroll) return;
  const fixed = menu.dataset.side ??= menu.matches(".right") ? "right" : "left";
  menu.classList.remove("up");
  menu.classList.toggle("right", fixed === "right");
  const sheet = menu.querySelector(".sheet").getBoundingClientRect();
  const room = scroll.getBoundingClientRect();
  const above = menu.getBoundingClientRect().top - room.top;
  menu.classList.toggle("up", sheet.bottom > room.bottom && above > room.bottom - sheet.top);
  if (sheet.right > room.right) menu.classList.add("right");
}, true);

const dialogField = () =>
  document.querySelector(".modal [aria-invalid], .modal [autofocus], .modal .input :is(input, select, textarea)") ??
  document.querySelector(".modal .primary, .modal .close");

// Nothing behind an open dialog can be used.
function settle() {
  const open = document.querySelector(".modal") !== null;
  for (const part of document.querySelectorAll("body > :not(#dialog, #toast)")) part.inert = open;
}

function swap(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || part.innerHTML === next.innerHTML) continue;
    const busy = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    const hash = (root) => root.querySelector("[data-hash]")?.dataset.hash ?? "";
    if (part.id === "dialog" ? hash(part) === hash(next) : busy || part.querySelector("details[open]")) continue;
    const had = part.id === "dialog" && hash(part) !== "";
    part.replaceChildren(...next.childNodes);
    if (part.id === "dialog") settle();
    if (part.id === "dialog" && (!had || !part.contains(document.activeElement))) dialogField()?.focus();
  }
}

async function watch() {
  const { news } = document.body.dataset;
  let version = document.body.dataset.version;
  while (news) {
    try {
      const answer = await fetch(`${news}?since=${version}`);
      if (answer.status === 204) continue;
      if (!answer.ok) throw new Error(answer.statusText);
      const page = await fetch(location.href);
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
      version = fresh.body.dataset.version ?? version;
      swap(fresh);
    } catch {
      await new Promise((done) => setTimeout(done, 2000));
    }
  }
}

// After a message was sent, the next one can be typed at once.
document.addEventListener("submit", (event) => {
  const area = event.target.querySelector("[data-send-on-enter]");
  if (area) sessionStorage.setItem("typing", area.id);
});
const typing = sessionStorage.getItem("typing");
sessionStorage.removeItem("typing");
if (document.querySelector(".modal")) dialogField()?.focus();
else if (typing) document.getElementById(typing)?.focus({ preventScroll: true });
watch();
