// The board of a campaign, renewed by the server as visits come in; without scripts it is as of when it was opened.
"use strict";
const live = document.getElementById("live");
const board = document.getElementById("board");
let source;
const tell = (word) => {
  live.textContent = live.dataset[word];
  live.classList.toggle("on", word === "live");
};
const follow = () => {
  source = new EventSource(live.dataset.stream);
  source.addEventListener("open", () => tell("live"));
  source.addEventListener("error", () => {
    tell("lost");
    // Browsers come again by themselves after a break, but give up for ever when they are told that there is no room.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 5000 + Math.random() * 10000);
  });
  source.addEventListener("board", (event) => {
    const at = document.activeElement?.getAttribute("href");
    board.innerHTML = event.data;
    if (at) board.querySelector(`a[href="${CSS.escape(at)}"]`)?.focus();
  });
};
follow();
addEventListener("pagehide", () => source.close());
