// What a page gains where scripts run: forms that send themselves, and a drawing of the table of periods.
"use strict";

for (const form of document.querySelectorAll("form[data-sends-itself]")) {
  form.querySelector("button").hidden = true;
  form.addEventListener("change", () => form.requestSubmit());
}

for (const chip of document.querySelectorAll(".chips [aria-current]")) {
  const row = chip.closest("ul"); // on a phone the current one may be out of sight
  const [one, all] = [chip, row].map((each) => each.getBoundingClientRect());
  row.scrollLeft += (one.left + one.right - all.left - all.right) / 2;
}

const trend = document.getElementById("trend");
const table = document.getElementById("trend-table");

function drawn() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const rows = [...table.tBodies[0].rows];
  const names = rows.map((row) => row.cells[0].firstChild.textContent.trim());
  const texts = rows.map((row) => row.cells[1].textContent);
  const values = rows.map((row) => (row.cells[1].dataset.value === "" ? null : Number(row.cells[1].dataset.value)));
  const numbers = new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" });
  const font = "12px " + style.getPropertyValue("--font");
  const axis = { stroke: colour("--muted"), font, ticks: { show: false } };
  const every = Math.max(1, Math.ceil((rows.length * 76) / trend.clientWidth));
  const bars = trend.dataset.kind === "bars";
  const hint = Object.assign(document.createElement("div"), { className: "hint", hidden: true });
  const chart = new uPlot(
    {
      width: trend.clientWidth,
      height: 220,
      legend: { show: false },
      cursor: { y: false, points: { show: !bars }, drag: { x: false } },
      scales: {
        x: { time: false, range: [-0.6, rows.length - 0.4] },
        y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        { ...axis, size: 34, grid: { show: false }, splits: () => names.map((_, n) => n).filter((n) => n % every === 0),
          values: (_, at) => at.map((n) => names[n]) },
        { ...axis, size: 56, grid: { stroke: colour("--line"), width: 1 }, incrs: [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((e) =>
            [1, 2, 5].map((n) => n * 10 ** e)),
          values: (_, at) => at.map((n) => numbers.format(n)) },
      ],
      series: [
        {},
        bars
          ? { fill: colour("--q4"), stroke: colour("--q4"), width: 0, paths: uPlot.paths.bars({ size: [0.7, 44], radius: 0.15 }), points: { show: false } }
          : { stroke: colour("--q4"), width: 2, fill: colour("--q1"), points: { size: 5, fill: colour("--q4") } },
      ],
      hooks: {
        setCursor: [
          (u) => {
            const at = u.cursor.idx;
            hint.hidden = at == null;
            if (at == null) return;
            hint.textContent = `${names[at]}: ${texts[at]}`;
            const left = u.valToPos(at, "x");
            hint.style.translate = `${Math.min(Math.max(left, 60), u.over.clientWidth - 60)}px 0`;
          },
        ],
      },
    },
    [rows.map((_, n) => n), values],
    trend,
  );
  chart.over.append(hint);
  return chart;
}

if (trend && table && table.tBodies[0].rows.length) {
  document.querySelector("details.numbers").open = false;
  let chart = drawn();
  const anew = () => {
    chart.destroy();
    chart = drawn();
  };
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", anew);
  let width = trend.clientWidth;
  new ResizeObserver(() => {
    if (trend.clientWidth !== width) {
      width = trend.clientWidth;
      requestAnimationFrame(anew);
    }
  }).observe(trend);
}
