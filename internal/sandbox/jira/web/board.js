// Conveniences on top of pages that work without: switch the user at once, drag cards, and stay current.
"use strict";
const script = document.currentScript;
document.documentElement.classList.add("js");

document.addEventListener("change", (event) => {
  if (event.target.id === "as") event.target.form.requestSubmit();
});

// A card can be dropped where its own form has a button.
const buttonFor = (card, column) =>
  [...card.querySelectorAll("button[name=status]")].find((b) => b.value === column.dataset.status);
let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".card");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.id);
  dragged.classList.add("dragging");
  for (const column of document.querySelectorAll(".column")) {
    if (!column.contains(dragged)) column.classList.add(buttonFor(dragged, column) ? "open" : "shut");
  }
});
document.addEventListener("dragover", (event) => {
  const column = event.target.closest?.(".column.open");
  if (dragged && column) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const column = event.target.closest?.(".column.open");
  if (!dragged || !column) return;
  event.preventDefault();
  const button = buttonFor(dragged, column);
  button.form.requestSubmit(button);
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragging");
  dragged = null;
  for (const column of document.querySelectorAll(".column")) column.classList.remove("open", "shut");
});

// Redraw when something changed elsewhere, but never under somebody's hands.
const main = document.getElementById("main");
const busy = () =>
  dragged ||
  main.querySelector("details[open]") ||
  main.contains(document.activeElement) && document.activeElement.matches("input, textarea, select, button") ||
  [...main.querySelectorAll("textarea, input:not([type=hidden])")].some((f) => f.value !== f.defaultValue);
let due = 0;
let stale = false;
async function redraw() {
  due = 0;
  if (!stale || busy()) return;
  stale = false;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const text = await answer.text();
  if (busy()) {
    stale = true;
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
  const at = document.activeElement?.closest?.("[id]")?.id;
  main.replaceChildren(...fresh.childNodes);
  if (at) document.getElementById(at)?.focus({ preventScroll: true });
}
// Several changes in a row are one redraw.
function soon() {
  if (!due) due = setTimeout(redraw, 150);
}
for (const rest of ["toggle", "focusout", "dragend"]) document.addEventListener(rest, soon, true);
// A refused form stays as it is.
if (!main.querySelector("[role=alert]")) {
  const look = () => {
    stale = true;
    soon();
  };
  const changes = new EventSource(script.dataset.changes);
  changes.addEventListener("message", look);
  changes.addEventListener("open", look); // what changed between the page and the connection was told to nobody
}
