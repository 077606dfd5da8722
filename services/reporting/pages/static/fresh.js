// The badge that says how far the figures have come, asked for again and again. Only what differs is touched: an opened
// list stays open, the keyboard stays where it is, and a screen reader is told of another state, not of every answer.
"use strict";
const fresh = document.getElementById("freshness");
const PARTS = ["fresh-state", "fresh-said", "fresh-more", "fresh-news"];
const put = (id, html) => {
  const part = document.getElementById(id);
  if (part.innerHTML !== html) part.innerHTML = html;
};
const ask = async () => {
  const answer = await fetch(fresh.dataset.from, { redirect: "manual", signal: AbortSignal.timeout(8000) });
  if (answer.type === "opaqueredirect") return location.reload(); // signed out
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  fresh.className = page.getElementById("freshness").className;
  for (const id of PARTS) put(id, page.getElementById(id).innerHTML);
};
const lost = () => {
  fresh.classList.add("late");
  for (const id of ["fresh-state", "fresh-said"]) put(id, fresh.dataset.lost);
};
setInterval(() => ask().catch(lost), 10000);
