// The map of memory on a canvas: some hundreds of points as shapes, and more as pixels, so that ten thousand are drawn
// within a frame.
"use strict";
window.BurnishMap = (() => {
  const ALIVE = 2147483647, DARK = matchMedia("(prefers-color-scheme: dark)").matches, FEW = 1500;
  const LIGHTER = (rgb) => (DARK ? rgb.map((value) => Math.round(value + (255 - value) * 0.42)) : rgb);
  // Eight colours that stay apart, for colour-blind people too, each in three shapes.
  const PALETTE = DARK
    ? [[90, 162, 234], [243, 156, 61], [84, 193, 119], [242, 112, 156], [154, 220, 255], [189, 143, 230], [230, 211, 74], [232, 224, 212]]
    : [[11, 95, 165], [224, 123, 0], [27, 127, 59], [209, 54, 111], [86, 180, 233], [122, 63, 160], [181, 160, 0], [60, 52, 44]];
  const SHAPES = ["circle", "square", "triangle"], MORE = [140, 132, 123], NONE = DARK ? [95, 88, 80] : [190, 183, 174];
  const OVER = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis
  let known = null, now = 0, place = null, chosen = new Set(), drawing = 0;
  const css = (rgb, strength) => `rgba(${rgb.join(",")},${strength ?? 1})`;
  const ramp = (share, from, to) => from.map((value, i) => Math.round(value + (to[i] - value) * share));
  const sequence = (share) => { // as much of it as can be seen on the ground
    const at = (DARK ? 0.22 + 0.78 * share : 0.88 * share) * (OVER.length - 1), first = Math.min(OVER.length - 2, Math.floor(at));
    return ramp(at - first, OVER[first], OVER[first + 1]);
  };
  const say = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value)}`;

  // How a point looks (its colour, shape and size), and what the legend says.
  const looks = (points, by, at) => {
    if (by === "cell" || by === "origin") {
      const counts = new Map();
      points.forEach((point) => counts.set(point[by], (counts.get(point[by]) || 0) + 1));
      const names = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name), most = PALETTE.length * SHAPES.length;
      const look = (i) => (i < most ? { colour: PALETTE[i % PALETTE.length], shape: SHAPES[Math.floor(i / PALETTE.length)] } : { colour: MORE });
      const of = new Map(names.map((name, i) => [name, look(i)]));
      return { look: (point) => of.get(point[by]), legend: [...names.slice(0, most).map((name) => [name || "(no kind)", of.get(name)]), ...(names.length > most ? [[`${names.length - most} others`, look(most)]] : [])] };
    }
    if (by === "born" || by === "died") {
      const numbers = points.map((point) => point[by]).filter((number) => number < ALIVE);
      const first = Math.min(...numbers), last = Math.max(...numbers), step = Math.max(1, Math.ceil((last - first + 1) / 8));
      const look = (number) => (number < ALIVE ? { colour: sequence(last > first ? (number - first) / (last - first) : 1), solid: by === "died" } : { colour: NONE, small: true });
      const ticks = numbers.length ? Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => first + i * step) : [];
      return { look: (point) => look(point[by]), legend: [...ticks.map((number, i) => [i ? String(number) : `${by} at ${number}`, look(number)]), ...(by === "died" ? [["alive", look(ALIVE)]] : [])] };
    }
    if (by === "age") {
      const young = { colour: LIGHTER([232, 120, 40]) }, old = { colour: LIGHTER([60, 50, 120]) };
      return { look: (point) => ({ colour: ramp(Math.min(1, (at - point.born) / Math.max(1, at)), young.colour, old.colour) }), legend: [["new", young], [`${at} iterations old`, old]] };
    }
    const good = LIGHTER([28, 107, 58]), zero = DARK ? [214, 196, 140] : [222, 196, 120], bad = LIGHTER([168, 50, 42]), MOST = 0.25;
    const look = (gain) => (gain === null ? { colour: NONE, small: true } : { colour: ramp(Math.min(1, Math.abs(gain) / MOST), zero, gain >= 0 ? good : bad) });
    return { look: (point) => look(point.gain), legend: [...[-MOST, 0, MOST].map((gain) => [`${say(gain)}${gain < 0 ? " or less: harms" : gain ? " or more: helps" : ""}`, look(gain)]), ["unknown", look(null)]] };
  };

  const radius = (count) => (count > 4000 ? 2 : count > 800 ? 3 : count > 300 ? 5 : 6);
  const by = () => document.getElementById("map-colour").value;
  const over = () => ["born", "died"].includes(by()); // of all iterations, so whatever has died is shown
  const visible = (point) => point.born <= now && (point.died >= now || document.getElementById("map-dead").checked);

  // How far a shape reaches to either side of its middle in a row of pixels.
  const reach = (shape, r, dy) => Math.floor(shape === "square" ? (Math.abs(dy) <= 0.88 * r ? 0.88 * r : -1) : shape === "triangle" ? (dy <= 0.7 * r ? 0.62 * (dy + r) : -1) : Math.sqrt(r * r - dy * dy));
  const outline = (context, shape, x, y, r) => {
    context.beginPath();
    if (shape === "square") context.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
    else if (shape === "triangle") { context.moveTo(x, y - 1.1 * r); context.lineTo(x + 1.1 * r, y + 0.8 * r); context.lineTo(x - 1.1 * r, y + 0.8 * r); context.closePath(); }
    else context.arc(x, y, r, 0, 7);
  };
  const asShapes = (context, points, r, scale, card) => {
    for (const point of points) {
      const { colour, shape, small, solid } = point.look, own = small ? 0.6 * r : r, hollow = point.died <= now && !solid;
      outline(context, shape, point.px, point.py, hollow ? own - 0.8 * scale : own);
      if (hollow) { context.strokeStyle = css(colour); context.lineWidth = 1.8 * scale; context.stroke(); continue; }
      context.fillStyle = css(colour, 0.92); context.fill();
      context.strokeStyle = card; context.lineWidth = 0.75 * scale; context.stroke();
    }
  };
  const asPixels = (context, points, r, width, height) => {
    const image = context.createImageData(width, height), data = image.data;
    for (const point of points) {
      const { colour: [red, green, blue], shape, small, solid } = point.look, strength = point.died <= now && !solid ? 90 : 225, own = small ? Math.max(1, Math.round(0.6 * r)) : r;
      for (let dy = -own; dy <= own; dy++) {
        const row = point.py + dy, wide = reach(shape, own, dy);
        if (row < 0 || row >= height) continue;
        for (let column = Math.max(0, point.px - wide); column <= Math.min(width - 1, point.px + wide); column++) {
          const i = 4 * (row * width + column);
          if (data[i + 3] > strength) continue;
          data[i] = red; data[i + 1] = green; data[i + 2] = blue; data[i + 3] = strength;
        }
      }
    }
    context.putImageData(image, 0, 0);
  };
  // A ring around what was born, and the ends of a cross around what died, which leave its colour to be seen.
  const mark = (context, point, r, scale) => {
    context.beginPath();
    if (point.died === now) {
      for (const [x, y] of [[1, 1], [1, -1], [-1, 1], [-1, -1]]) { context.moveTo(point.px + 0.85 * r * x, point.py + 0.85 * r * y); context.lineTo(point.px + (0.85 * r + 4 * scale) * x, point.py + (0.85 * r + 4 * scale) * y); }
    } else context.arc(point.px, point.py, 1.1 * r + 2.5 * scale, 0, 7);
    context.stroke();
  };

  const paint = () => {
    drawing = 0;
    if (!place || !known) return;
    const canvas = place.querySelector("canvas"), scale = window.devicePixelRatio || 1;
    const width = Math.round(place.clientWidth * scale), height = Math.round(place.clientHeight * scale);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const context = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const { look, legend } = looks(known, by(), now), r = Math.round(radius(known.length) * scale), points = [];
    const box = document.getElementById("map-dead");
    if (over() !== box.disabled) { // what is asked for otherwise comes back later
      box.disabled = over();
      if (box.disabled) { box.dataset.asked = box.checked; box.checked = true; } else box.checked = box.dataset.asked === "true";
    }
    for (const point of known) {
      if (point.born > now || (point.died < now && !box.checked)) continue;
      point.px = Math.round((point.x * 0.47 + 0.5) * width); point.py = Math.round((0.5 - point.y * 0.47) * height);
      point.look = look(point);
      points.push(point);
    }
    if (points.length <= FEW) { context.clearRect(0, 0, width, height); asShapes(context, points, r, scale, style.getPropertyValue("--card").trim()); }
    else asPixels(context, points, r, width, height);
    const ink = getComputedStyle(place).color, accent = style.getPropertyValue("--accent").trim();
    for (const point of points) {
      const selected = chosen.has(point.id);
      if (!selected && point.born !== now && point.died !== now) continue;
      context.strokeStyle = selected ? accent : ink; context.lineWidth = (selected ? 2.5 : 1.3) * scale;
      mark(context, point, r, scale);
    }
    if (drag) { context.strokeStyle = ink; context.setLineDash([4, 4]); context.beginPath(); drag.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x * scale, y * scale)); context.closePath(); context.stroke(); context.setLineDash([]); }
    document.getElementById("map-legend").replaceChildren(...legend.map(([name, one]) => { const item = document.createElement("li"); item.append(swatch(one), name); return item; }));
  };
  const svg = (name, more) => { const made = document.createElementNS("http://www.w3.org/2000/svg", name); Object.entries(more).forEach(([key, value]) => made.setAttribute(key, value)); return made; };
  const swatch = ({ colour, shape, small }) => {
    const box = svg("svg", { class: "sign", viewBox: "-1.1 -1.1 2.2 2.2", "aria-hidden": "true" }), fill = css(colour);
    box.append(shape === "square" ? svg("rect", { x: -0.88, y: -0.88, width: 1.76, height: 1.76, fill }) : shape === "triangle" ? svg("path", { d: "M0-1.1 1.1.8-1.1.8Z", fill }) : svg("circle", { r: small ? 0.6 : 1, fill }));
    return box;
  };
  const soon = () => { if (!drawing) drawing = requestAnimationFrame(paint); };

  const nearest = (x, y) => {
    const scale = window.devicePixelRatio || 1;
    let best = null, least = 12 * 12;
    for (const point of known || []) {
      if (!visible(point) || point.px === undefined) continue;
      const distance = (point.px / scale - x) ** 2 + (point.py / scale - y) ** 2;
      if (distance < least) { least = distance; best = point; }
    }
    return best;
  };
  const within = (x, y, shape) => { // ray casting
    let inside = false;
    for (let i = 0, j = shape.length - 1; i < shape.length; j = i++) {
      const [ax, ay] = shape[i], [bx, by] = shape[j];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  };

  let drag = null;
  const lived = (point) => `born at ${point.born}${point.died < ALIVE ? `, died at ${point.died}` : ""}`;
  const at = (number) => { now = number; soon(); };
  const address = (id) => place.dataset.exemplar.replace(/(\?|$)/, `${id}$1`);
  const listed = () => {
    const box = document.getElementById("map-chosen"), some = known.filter((point) => chosen.has(point.id));
    box.replaceChildren();
    if (!some.length) return;
    const title = document.createElement("h2"), list = document.createElement("ul");
    title.textContent = `${some.length} selected`;
    some.slice(0, 300).forEach((point) => {
      const item = document.createElement("li"), link = document.createElement("a");
      link.href = address(point.id); link.textContent = point.id; link.className = "id";
      const words = document.createElement("bdi"), facts = document.createElement("span");
      words.textContent = point.prompt ? `${point.prompt} ` : "";
      facts.className = "quiet"; facts.textContent = `${lived(point)}${point.cell ? `, ${point.cell}` : ""}${point.gain === null ? "" : `, usefulness ${say(point.gain)}`} `;
      item.append(words, facts, link);
      list.append(item);
    });
    box.append(title, list);
  };

  const listen = () => {
    const canvas = place.querySelector("canvas"), tip = place.querySelector(".tip");
    const spot = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    canvas.addEventListener("pointerdown", (event) => { drag = [spot(event)]; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = spot(event);
      if (drag) { drag.push([x, y]); soon(); return; }
      const point = nearest(x, y);
      tip.hidden = !point;
      if (point) {
        tip.textContent = `${point.prompt ? `${point.prompt}\n` : ""}${point.cell || "no kind"} · ${lived(point)} · shown ${point.showings}× · usefulness ${point.gain === null ? "unknown" : say(point.gain)}\n${point.id}`;
        tip.style.left = `${Math.max(4, Math.min(x + 12, place.clientWidth - tip.offsetWidth - 4))}px`;
        tip.style.top = `${y + 14 + tip.offsetHeight > place.clientHeight ? Math.max(0, y - tip.offsetHeight - 10) : y + 14}px`;
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      const shape = drag || [], [x, y] = spot(event);
      drag = null;
      if (shape.length < 5) { const point = nearest(x, y); if (point) location.href = address(point.id); return; }
      const scale = window.devicePixelRatio || 1;
      chosen = new Set(known.filter((point) => visible(point) && point.px !== undefined && within(point.px / scale, point.py / scale, shape)).map((point) => point.id));
      listed(); soon();
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    document.getElementById("map-colour").addEventListener("change", soon);
    document.getElementById("map-dead").addEventListener("change", soon);
    new ResizeObserver(soon).observe(place);
  };

  const draw = async (map) => {
    if (place === map) { soon(); return; }
    const before = document.getElementById("map-colour").value;
    place = map; now = Number(map.dataset.at);
    if (before && draw.by) document.getElementById("map-colour").value = draw.by;
    document.getElementById("map-colour").addEventListener("change", (event) => { draw.by = event.target.value; });
    listen();
    if (!known || draw.source !== map.dataset.source) {
      draw.source = map.dataset.source;
      known = window.BurnishData ? window.BurnishData.positions : (await (await fetch(map.dataset.source)).json()).positions;
      known.forEach((point) => { point.died ??= ALIVE; });
    }
    const wait = map.querySelector(".wait");
    if (wait) wait.remove();
    if (chosen.size) listed();
    soon();
  };
  return { draw, at, address, paint: () => { const start = performance.now(); paint(); return performance.now() - start; } };
})();
