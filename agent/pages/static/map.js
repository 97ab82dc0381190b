// The map of memory on a canvas: points as pixels, so that ten thousand are drawn within a frame.
"use strict";
window.BurnishMap = (() => {
  const ALIVE = 2147483647, DARK = matchMedia("(prefers-color-scheme: dark)").matches;
  const LIGHTER = (rgb) => (DARK ? rgb.map((value) => Math.round(value + (255 - value) * 0.42)) : rgb);
  const PALETTE = [[154, 74, 27], [44, 95, 138], [28, 107, 58], [107, 63, 148], [178, 126, 20], [168, 50, 42], [20, 120, 130], [60, 52, 44], [200, 90, 140], [90, 130, 40], [90, 160, 220], [230, 160, 110], [150, 200, 160], [200, 170, 230]].map(LIGHTER);
  const MORE = [120, 113, 105];
  let known = null, now = 0, place = null, chosen = new Set(), drawing = 0;
  const css = (rgb) => `rgb(${rgb.join(",")})`;
  const ramp = (share, from, to) => from.map((value, i) => Math.round(value + (to[i] - value) * share));

  // What decides a point's colour, and what the legend says.
  const coloured = (points, by, at) => {
    if (by === "cell" || by === "origin") {
      const counts = new Map();
      points.forEach((point) => counts.set(point[by], (counts.get(point[by]) || 0) + 1));
      const names = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
      const of = new Map(names.map((name, i) => [name, i < PALETTE.length ? PALETTE[i] : MORE]));
      return { colour: (point) => of.get(point[by]), legend: [...names.slice(0, PALETTE.length).map((name) => [name || "(no kind)", of.get(name)]), ...(names.length > PALETTE.length ? [[`${names.length - PALETTE.length} others`, MORE]] : [])] };
    }
    if (by === "age") {
      const young = [232, 147, 91], old = [60, 50, 90];
      return { colour: (point) => ramp(Math.min(1, (at - point.born) / Math.max(1, at)), young, old), legend: [["new", young], ["old", old]] };
    }
    const good = [28, 107, 58], none = [150, 143, 134], bad = [168, 50, 42];
    return {
      colour: (point) => point.gain === null ? none : point.gain >= 0 ? ramp(Math.min(1, point.gain * 4), none, good) : ramp(Math.min(1, -point.gain * 4), none, bad),
      legend: [["helps", good], ["unknown", none], ["harms", bad]],
    };
  };

  const radius = (count) => (count > 4000 ? 2 : count > 800 ? 3 : 5);

  const paint = () => {
    drawing = 0;
    if (!place || !known) return;
    const canvas = place.querySelector("canvas"), scale = window.devicePixelRatio || 1;
    const width = Math.round(place.clientWidth * scale), height = Math.round(place.clientHeight * scale);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const context = canvas.getContext("2d"), image = context.createImageData(width, height), data = image.data;
    const by = document.getElementById("map-colour").value, dead = document.getElementById("map-dead").checked;
    const { colour, legend } = coloured(known, by, now), r = Math.round(radius(known.length) * scale);
    const marked = [];
    for (const point of known) {
      if (point.born > now) continue;
      const died = point.died <= now;
      if (died && !dead && point.died !== now) continue;
      const x = point.px = Math.round((point.x * 0.47 + 0.5) * width), y = point.py = Math.round((0.5 - point.y * 0.47) * height);
      const [red, green, blue] = colour(point), strength = died ? 70 : 215;
      if (point.born === now || point.died === now || chosen.has(point.id)) marked.push(point);
      for (let dy = -r; dy <= r; dy++) {
        const row = y + dy;
        if (row < 0 || row >= height) continue;
        const reach = Math.floor(Math.sqrt(r * r - dy * dy));
        for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); column++) {
          const i = 4 * (row * width + column);
          if (data[i + 3] > strength) continue;
          data[i] = red; data[i + 1] = green; data[i + 2] = blue; data[i + 3] = strength;
        }
      }
    }
    context.putImageData(image, 0, 0);
    const ink = getComputedStyle(place).color, accent = getComputedStyle(document.documentElement).getPropertyValue("--accent").trim();
    for (const point of marked) {
      context.strokeStyle = chosen.has(point.id) ? accent : ink; context.lineWidth = (chosen.has(point.id) ? 2.5 : 1.5) * scale; context.beginPath();
      if (point.died === now) { context.moveTo(point.px - r, point.py - r); context.lineTo(point.px + r, point.py + r); context.moveTo(point.px - r, point.py + r); context.lineTo(point.px + r, point.py - r); }
      else context.arc(point.px, point.py, r + 2 * scale, 0, 7);
      context.stroke();
    }
    if (drag) { context.strokeStyle = ink; context.setLineDash([4, 4]); context.beginPath(); drag.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x * scale, y * scale)); context.closePath(); context.stroke(); context.setLineDash([]); }
    const list = document.getElementById("map-legend");
    list.replaceChildren(...legend.map(([name, rgb]) => {
      const item = document.createElement("li"), swatch = document.createElementNS("http://www.w3.org/2000/svg", "svg"), dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      swatch.setAttribute("class", "swatch"); swatch.setAttribute("viewBox", "0 0 2 2"); swatch.setAttribute("aria-hidden", "true");
      dot.setAttribute("cx", 1); dot.setAttribute("cy", 1); dot.setAttribute("r", 1); dot.setAttribute("fill", css(rgb));
      swatch.append(dot); item.append(swatch, document.createTextNode(name)); return item;
    }));
  };
  const soon = () => { if (!drawing) drawing = requestAnimationFrame(paint); };

  const visible = (point) => point.born <= now && (point.died > now || document.getElementById("map-dead").checked);
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
      item.append(link, ` born at ${point.born}${point.died < ALIVE ? `, died at ${point.died}` : ""}${point.cell ? `, ${point.cell}` : ""}${point.gain === null ? "" : `, usefulness ${point.gain}`}`);
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
        tip.textContent = `${point.id} · ${point.cell || "no kind"} · born at ${point.born}${point.died < ALIVE ? `, died at ${point.died}` : ""} · shown ${point.showings}×${point.gain === null ? "" : ` · usefulness ${point.gain}`}`;
        tip.style.left = `${Math.min(x + 12, place.clientWidth - 240)}px`; tip.style.top = `${y + 12}px`;
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
    }
    const wait = map.querySelector(".wait");
    if (wait) wait.remove();
    if (chosen.size) listed();
    soon();
  };
  return { draw, at, address, paint: () => { const start = performance.now(); paint(); return performance.now() - start; } };
})();
