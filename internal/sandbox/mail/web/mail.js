// Conveniences on top of pages that work without: switch the person at once, and show new mail as it comes.
"use strict";
document.documentElement.classList.add("js");
const news = document.currentScript.dataset.news;

document.addEventListener("change", (event) => {
  if (event.target.id === "as") event.target.form.requestSubmit();
});

let leaving = false; // a reload would cancel the way to another page
addEventListener("beforeunload", () => { leaving = true; });

const watch = async () => {
  for (;;) {
    const answer = await fetch(news);
    if (leaving || answer.status > 204) return;
    if (answer.status === 200) return location.reload();
  }
};
if (news) watch().catch(() => {}); // the server is gone: the page stays as it is
