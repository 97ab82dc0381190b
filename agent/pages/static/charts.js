// Curves, drawn by uPlot of the numbers that the page carries. Each line is named at its right end.
"use strict";
window.BurnishCharts = (() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const FONT = "12px system-ui", HIGH = 14, GAP = 8;
  const axis = (label, more) => ({
    label, stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") },
    font: FONT, labelFont: FONT, labelSize: 20, ...more,
  });
  const across = (label, more) => axis(label, { size: 32, ...more });
  // `named` is what stands at the end of the line.
  const line = (named, stroke, more) => ({ named, stroke, width: 2, points: { size: 5, fill: stroke }, spanGaps: true, ...more });
  const dashes = (named, stroke, more) => line(named, stroke, { dash: [6, 4], width: 1.5, points: { show: false }, ...more });
  const dots = (stroke) => ({ stroke, paths: () => null, points: { show: true, size: 11, fill: stroke, width: 2 } });
  const WHOLE = { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] };
  const OTHERS = ["--blue", "--violet", "--pink", "--warning", "--teal"];

  // Pass rates that are written alike are one line, which has all their names.
  const together = (lines) => {
    const found = new Map();
    lines.forEach(([name, rate]) => {
      const said = rate.toFixed(2);
      if (!found.has(said)) found.set(said, { rate, names: [] });
      found.get(said).names.push(name);
    });
    return [...found].map(([said, { rate, names }]) => ({ rate, names, named: `${names.join(", ")} ${said}` }));
  };
  const score = (chart) => {
    const given = JSON.parse(chart.dataset.points), lines = together(JSON.parse(chart.dataset.lines));
    const raced = (point, test) => { const found = point[3].find(([said]) => test(said)); return found ? found[1] : null; };
    const marks = [
      [given.map((point) => raced(point, (said) => said === "accept")), colour("--right")],
      [given.map((point) => raced(point, (said) => said !== "accept")), colour("--ink")],
      [given.map((point) => (point[4] ? 0 : null)), colour("--wrong")],
    ].filter(([column]) => column.some((value) => value !== null));
    let next = 0;
    const drawn = lines.map(({ names, named }) => names.includes("champion")
      ? dashes(named, colour("--right"), { width: 2.5 })
      : dashes(named, colour(names.includes("seed") ? "--quiet" : OTHERS[next++ % OTHERS.length])));
    const shares = given.map((point) => point[1]), last = shares.filter((value) => value !== null).at(-1);
    return {
      columns: [given.map((point) => point[0]), shares, ...lines.map(({ rate }) => given.map(() => rate)), ...marks.map(([column]) => column)],
      series: [{}, line(last === undefined ? "" : `train attempts ${last.toFixed(2)}`, colour("--accent")), ...drawn, ...marks.map(([, stroke]) => dots(stroke))],
      scales: { x: { time: false }, y: { range: [-0.03, 1.05] } }, axes: [across("calls"), axis("share")],
    };
  };

  // Whole powers of ten, few enough to be read.
  const tens = (low, high) => {
    const first = Math.round(Math.log10(low)), last = Math.round(Math.log10(high)), step = Math.max(1, Math.ceil((last - first) / 5));
    return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, place) => 10 ** (first + place * step));
  };
  const evidence = (chart) => {
    const given = JSON.parse(chart.dataset.points), threshold = Number(chart.dataset.threshold);
    const values = given.map((p) => Math.max(p[1], 1e-6)), short = (value) => Number(value.toPrecision(3)).toLocaleString("en");
    const range = (_, low, high) => [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))];
    return {
      columns: [given.map((p) => p[0]), values, given.map(() => threshold)],
      series: [{}, line(`evidence ${short(values.at(-1))}`, colour("--accent")), dashes(`needed ${short(threshold)}`, colour("--right"))],
      scales: { x: { time: false }, y: { distr: 3, range } },
      axes: [across("tasks", WHOLE), axis("evidence, each step ten times", {
        splits: (plot) => tens(plot.scales.y.min, plot.scales.y.max), filter: (_, splits) => splits,
        values: (_, splits) => splits.map((value) => (value >= 1 ? value.toLocaleString("en") : String(value))),
      })],
    };
  };
  const diversity = (chart) => {
    const given = JSON.parse(chart.dataset.points);
    return {
      columns: [given.map((p) => p[0]), given.map((p) => p[1]), given.map((p) => p[2])],
      series: [{}, line("what was generated", colour("--accent")), line("memory", colour("--blue"))],
      scales: { x: { time: false } }, axes: [across("iteration", WHOLE), axis("Vendi: effective number")],
    };
  };
  const KINDS = { score, evidence, diversity };

  // A text in lines that are no wider than so many pixels, unless a word is.
  const pencil = document.createElement("canvas").getContext("2d");
  const wide = (text) => { pencil.font = FONT; return pencil.measureText(text).width; };
  const folded = (text, most) => text.split(" ").reduce((rows, word) => {
    const longer = rows.length ? `${rows.at(-1)} ${word}` : word;
    if (rows.length && wide(longer) <= most) rows[rows.length - 1] = longer; else rows.push(word);
    return rows;
  }, []);

  // Names beside the ends of their lines, moved apart where they would lie on each other.
  const name = (plot, rows) => {
    const { ctx, bbox } = plot, scale = window.devicePixelRatio || 1;
    const placed = plot.series.map((one, place) => {
      const value = one.named && plot.data[place].filter((v) => v !== null).at(-1);
      return value === undefined || !one.named ? null : { one, rows: rows.get(one.named), wanted: plot.valToPos(value, "y") };
    }).filter(Boolean).sort((a, b) => a.wanted - b.wanted);
    let free = -HIGH;
    placed.forEach((label) => { label.top = Math.max(free, label.wanted - (label.rows.length * HIGH) / 2); free = label.top + label.rows.length * HIGH + 4; });
    let floor = bbox.height / scale + 2.2 * HIGH;
    [...placed].reverse().forEach((label) => { label.top = Math.min(label.top, floor - label.rows.length * HIGH); floor = label.top - 4; });
    ctx.save();
    ctx.font = `${12 * scale}px system-ui`;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    placed.forEach((label) => {
      ctx.fillStyle = label.one.stroke(plot);
      label.rows.forEach((row, place) => ctx.fillText(row, bbox.left + bbox.width + GAP * scale, bbox.top + (label.top + (place + 0.5) * HIGH) * scale));
    });
    ctx.restore();
  };

  const draw = (chart) => {
    const { columns, series, scales, axes } = KINDS[chart.dataset.chart](chart);
    const size = () => ({ width: Math.max(200, chart.clientWidth - 20), height: 260 });
    const rows = new Map(), room = Math.min(190, size().width * 0.32);
    series.forEach((one) => { if (one.named) rows.set(one.named, folded(one.named, room)); });
    const beside = Math.ceil(Math.max(0, ...[...rows.values()].flat().map(wide))) + GAP + 4;
    chart.replaceChildren();
    const plot = new uPlot({
      ...size(), series, scales, axes, padding: [12, beside, 0, 0], cursor: { y: false }, legend: { show: false },
      hooks: { draw: [(drawn) => name(drawn, rows)] },
    }, columns, chart);
    new ResizeObserver(() => plot.setSize(size())).observe(chart);
  };
  return { draw };
})();
