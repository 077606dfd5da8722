// The board of a campaign, renewed by the server as visits come in; without scripts it is as of when it was opened.
"use strict";
const live = document.getElementById("live");
const board = document.getElementById("board");
const source = new EventSource(live.dataset.stream);
const tell = (word) => {
  live.textContent = live.dataset[word];
  live.classList.toggle("on", word === "live");
};
source.addEventListener("open", () => tell("live"));
source.addEventListener("error", () => tell("lost"));
source.addEventListener("board", (event) => {
  const at = document.activeElement?.getAttribute("href");
  board.innerHTML = event.data;
  if (at) board.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
});
addEventListener("pagehide", () => source.close());
