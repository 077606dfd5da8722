// The board of a campaign, renewed by the server as visits come in; without scripts it is as of when it was opened.
"use strict";
const live = document.getElementById("live");
const board = document.getElementById("board");
let source;
let waiting = null; // a board that came while text of the one shown was selected
const tell = (word) => {
  live.textContent = live.dataset[word];
  live.classList.toggle("on", word === "live");
};
const selected = () => {
  const now = getSelection();
  return !now.isCollapsed && now.getRangeAt(0).intersectsNode(board);
};
// Whoever reads it stays where they are: sideways in a wide table, and with the keyboard.
const show = (html) => {
  const focused = board.contains(document.activeElement) ? document.activeElement.id : "";
  const places = [...board.querySelectorAll(".scroll")].map((each) => [each.id, each.scrollLeft]);
  board.innerHTML = html;
  document.getElementById(focused)?.focus({ preventScroll: true });
  for (const [id, left] of places) document.getElementById(id)?.scrollTo({ left, behavior: "instant" });
};
const renew = () => {
  if (waiting === null || selected()) return;
  show(waiting);
  waiting = null;
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
    waiting = event.data;
    renew();
  });
};
follow();
document.addEventListener("selectionchange", renew);
addEventListener("pagehide", () => source.close());
