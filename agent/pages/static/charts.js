// Curves, drawn by uPlot of the numbers that the page carries.
"use strict";
window.BurnishCharts = (() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = (label, more) => ({
    label, stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") },
    font: "12px system-ui", labelFont: "12px system-ui", ...more,
  });
  const line = (label, stroke, more) => ({ label, stroke, width: 2, points: { size: 5, fill: stroke }, spanGaps: true, ...more });
  const points = (label, stroke, more) => ({ label, stroke, paths: () => null, points: { show: true, size: 11, fill: stroke, width: 2 }, ...more });
  const WHOLE = { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] };
  const LINES = { seed: "--quiet", champion: "--right" };
  const OTHERS = ["--blue", "--violet", "--teal", "--pink", "--warning"];

  const score = (chart) => {
    const given = JSON.parse(chart.dataset.points), lines = JSON.parse(chart.dataset.lines);
    const raced = (point, outcome) => { const found = point[3].find(([said]) => said === outcome); return found ? found[1] : null; };
    const marks = [
      [given.map((point) => raced(point, "accept")), points("gate: accepted", colour("--right"))],
      [given.map((point) => raced(point, "reject") ?? raced(point, "undecided")), points("gate: not accepted", colour("--ink"))],
      [given.map((point) => (point[4] ? 0 : null)), points("guard", colour("--wrong"))],
    ].filter(([column]) => column.some((value) => value !== null));
    const columns = [
      given.map((point) => point[0]),
      given.map((point) => point[1]),
      ...marks.map(([column]) => column),
      ...lines.map(([, rate]) => given.map(() => rate)),
    ];
    const series = [
      { label: "calls" },
      line("train attempts verified", colour("--accent")),
      ...marks.map(([, one]) => one),
      ...lines.map(([name], place) => line(`${name} (sealed)`, colour(LINES[name] || OTHERS[place % OTHERS.length]), { dash: [6, 4], width: 1.5, points: { show: false } })),
    ];
    return { columns, series, scales: { x: { time: false }, y: { range: [-0.03, 1.05] } }, axes: [axis("calls"), axis("share")] };
  };
  const evidence = (chart) => {
    const given = JSON.parse(chart.dataset.points), threshold = Number(chart.dataset.threshold);
    const columns = [given.map((p) => p[0]), given.map((p) => Math.max(p[1], 1e-6)), given.map(() => threshold)];
    return {
      columns, series: [{ label: "tasks" }, line("evidence", colour("--accent")), line("needed", colour("--right"), { dash: [6, 4], points: { show: false } })],
      scales: { x: { time: false }, y: { distr: 3 } }, axes: [axis("tasks", WHOLE), axis("evidence")],
    };
  };
  const diversity = (chart) => {
    const given = JSON.parse(chart.dataset.points);
    return {
      columns: [given.map((p) => p[0]), given.map((p) => p[1]), given.map((p) => p[2])],
      series: [{ label: "iteration" }, line("Vendi of what was generated", colour("--accent")), line("Vendi of memory", colour("--blue"))],
      scales: { x: { time: false } }, axes: [axis("iteration", WHOLE), axis("effective number")],
    };
  };
  const KINDS = { score, evidence, diversity };

  const draw = (chart) => {
    const { columns, series, scales, axes } = KINDS[chart.dataset.chart](chart);
    const size = () => ({ width: Math.max(200, chart.clientWidth - 20), height: 250 });
    chart.replaceChildren();
    const plot = new uPlot({ ...size(), series, scales, axes, cursor: { y: false }, legend: { live: false } }, columns, chart);
    new ResizeObserver(() => plot.setSize(size())).observe(chart);
  };
  return { draw };
})();
