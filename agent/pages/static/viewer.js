// The pages of a file of its own: what was written out is shown as it is; memory, map and exemplars are told from the
// columns that the file carries. Every text becomes a text node, never markup.
"use strict";
(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const data = await new Response(stream).json();
  const columns = data.exemplars, count = columns.id.length;
  const of = new Map(columns.id.map((id, number) => [id, number]));
  const ALIVE = 2147483647;
  const lived = (number) => columns.died[number] === null ? ALIVE : columns.died[number];
  const cut = (text, most) => { const line = text.split(/\s+/).join(" ").trim(); return line.length > most ? `${line.slice(0, most - 1)}…` : line; };
  window.BurnishData = {
    positions: columns.id.map((id, n) => ({ id, x: columns.x[n], y: columns.y[n], born: columns.born[n], died: lived(n), cell: columns.cell[n], origin: columns.origin[n], gain: columns.gain[n], margin: columns.margin[n], showings: columns.showings[n], prompt: columns.prompt[n] === null ? "" : cut(columns.prompt[n], 80) })),
  };
  const main = document.getElementById("main"), at = document.getElementById("at"), ROWS = 100;
  document.getElementById("verdict").textContent = data.verdict;
  document.getElementById("verdict").classList.add(...data.verdict.replace(" ", "-").split(" "));
  if (data.changed_since) document.getElementById("changed").hidden = false;
  at.max = data.newest;
  at.value = data.newest;

  const make = (name, more, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(more || {})) if (value !== null && value !== undefined) made.setAttribute(key, value);
    made.append(...inside.map((one) => (one instanceof Node ? one : String(one ?? ""))));
    return made;
  };
  const brief = (text) => (text === null ? "–" : cut(text, 160));
  const share = (value) => (value === null || value === undefined ? "" : value.toFixed(2));
  const exemplar = (number) => make("a", { class: "id", href: `#/exemplars/${columns.id[number]}` }, columns.id[number]);
  const iteration = (number) => make("a", { href: `#/iteration?at=${number}` }, number);
  const table = (numbers, caption, dead) => {
    const names = ["exemplar", "born", ...(dead ? ["died", "why"] : []), "shown", "cell", "task", "answer", "reward"];
    const figures = new Set(["born", "died", "shown", "reward"]);
    const row = (n) => {
      const values = { exemplar: exemplar(n), born: iteration(columns.born[n]), died: dead ? iteration(columns.died[n]) : "", why: columns.death[n], shown: columns.showings[n], cell: columns.cell[n], task: make("bdi", {}, brief(columns.prompt[n])), answer: make("bdi", {}, brief(columns.answer[n])), reward: share(columns.reward[n]) };
      return make("tr", {}, ...names.map((name) => make("td", { class: figures.has(name) ? "figure" : null }, values[name])));
    };
    const made = make("table", {}, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { class: figures.has(name) ? "figure" : null }, name)))), make("tbody", {}, ...numbers.map(row)));
    const box = make("div", { class: "wide" }, made);
    window.BurnishTables.dress(box);
    return box;
  };
  const numbers = (test) => { const found = []; for (let n = 0; n < count; n++) if (test(n)) found.push(n); return found; };
  const listed = (found, caption, dead) => make("div", {}, found.length ? table(found.slice(0, ROWS), found.length > ROWS ? `${caption}; the first ${ROWS}` : caption, dead) : make("p", { class: "empty" }, "None."));

  const asked = { search: "", cell: "", show: "" };
  const memory = () => {
    const now = Number(at.value), dead = asked.show === "dead", word = asked.search.toLowerCase();
    const holds = (n) => !word || [columns.id[n], columns.prompt[n], columns.answer[n]].some((text) => text !== null && text.toLowerCase().includes(word));
    const found = numbers((n) => (dead ? lived(n) <= now : columns.born[n] <= now && lived(n) > now) && (!asked.cell || columns.cell[n] === asked.cell) && holds(n));
    return listed(found, dead ? `${found.length} died until iteration ${now}` : `${found.length} remembered at iteration ${now}`, dead);
  };
  const memoryPage = () => {
    const cells = [...new Set(columns.cell)].filter(Boolean).sort(), box = make("div", {});
    const field = (name, label, control) => {
      control.value = asked[name];
      control.addEventListener("input", () => { asked[name] = control.value; box.replaceChildren(memory()); });
      return make("label", {}, label, control);
    };
    const option = ([value, text]) => make("option", { value }, text);
    box.append(memory());
    return [make("h1", {}, "Memory"), make("div", { class: "filters" },
      field("search", "Contains", make("input", { type: "search", placeholder: "a word of task or answer" })),
      field("cell", "Cell", make("select", {}, ...[["", "all"], ...cells.map((cell) => [cell, cell])].map(option))),
      field("show", "Show", make("select", {}, ...[["", "what is remembered"], ["dead", "what has died"]].map(option)))), box];
  };
  const text = (value) => make("pre", { class: "text", dir: "auto" }, value === null ? "left out" : value);
  const exemplarPage = (id) => {
    const n = of.get(id);
    if (n === undefined) return [make("p", { class: "empty" }, "This file has no such exemplar.")];
    const near = (number, likeness) => number === null ? "–" : make("span", {}, exemplar(number), likeness === null ? "" : ` at a cosine of ${share(likeness)}`);
    const facts = [
      ["born", make("span", {}, "iteration ", iteration(columns.born[n]), `: ${columns.reason[n] || columns.origin[n]}`)],
      [columns.died[n] === null ? "now" : "died", columns.died[n] === null ? "remembered still" : make("span", {}, "iteration ", iteration(columns.died[n]), `: ${columns.death[n]}`)],
      ...(columns.other[n] === null ? [] : [[columns.death[n].startsWith("evicted") ? "nearest that stayed" : "took its place", near(columns.other[n], columns.other_likeness[n])]]),
      ["nearest when it came in", near(columns.neighbour[n], columns.likeness[n])],
      ["parents", columns.parents[n].length ? make("span", {}, ...columns.parents[n].flatMap((one) => [exemplar(one), " "])) : "–"],
      ["made by program", Object.hasOwn(data.pages, `programs/${columns.program[n]}`) ? make("a", { class: "id", href: `#/programs/${columns.program[n]}` }, columns.program[n]) : columns.program[n] || "–"],
      ["shown", `for ${columns.showings[n]} answers, ${columns.right[n]} of them right`],
      ["usefulness", columns.gain[n] === null ? "unknown" : `${columns.gain[n] >= 0 ? "+" : ""}${columns.gain[n]} ± ${columns.margin[n]} in reward, on ${columns.showings[n]} showings`],
      ["cell", columns.cell[n] || "–"], ["reward", share(columns.reward[n])], ["model", columns.model[n] || "people"],
    ];
    const children = numbers((other) => columns.parents[other].includes(n));
    const page = [make("h1", {}, "Exemplar ", make("span", { class: "id" }, id)),
      make("div", { class: "pair" }, make("section", {}, make("h2", {}, "Task"), text(columns.prompt[n])), make("section", {}, make("h2", {}, "Answer"), text(columns.answer[n]))),
      make("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))];
    if (columns.other[n] !== null) page.push(make("h2", {}, "Beside it"), table([n, columns.other[n]], "this one and the other"));
    if (children.length) page.push(make("h2", {}, "Children"), listed(children, "made while it was shown"));
    return page;
  };
  const mapPage = () => {
    const option = ([value, name]) => make("option", { value }, name);
    return [make("h1", {}, "Map of memory"),
      make("p", { class: "quiet" }, "Every exemplar that ever was, by its meaning (PCA), the same at every iteration. Solid: alive at the iteration at the top; ringed: born in it; crossed: died in it, which is always shown; hollow: died before, shown where asked for. Coloured by birth or death, all of them are shown."),
      make("div", { class: "map-tools" }, make("label", {}, "Colour by ", make("select", { id: "map-colour" }, ...[["cell", "cell"], ["born", "born at"], ["died", "died at"], ["age", "age"], ["gain", "usefulness"], ["origin", "origin"]].map(option))), make("label", {}, make("input", { type: "checkbox", id: "map-dead" }), " show what has died"), make("span", { class: "quiet" }, "draw around points to list them, click one to open it")),
      make("div", { id: "map", "data-source": "file", "data-at": at.value, "data-exemplar": "#/exemplars/" }, make("canvas", { role: "img", "aria-label": "Map of memory" }), make("p", { class: "tip", hidden: "" })),
      make("ul", { class: "legend", id: "map-legend" }), make("div", { id: "map-chosen" })];
  };
  const written = (address) => {
    const html = Object.hasOwn(data.pages, address) ? data.pages[address] : undefined;
    if (html === undefined) return [make("p", { class: "empty" }, "This file has no such page.")];
    const page = new DOMParser().parseFromString(html, "text/html"); // made and escaped where the file was
    return [...page.body.childNodes].map((node) => document.adoptNode(node));
  };

  // One that broke off has no page; the last that was finished before it is shown.
  const finished = (number) => { while (number > 0 && !Object.hasOwn(data.pages, `iteration?at=${number}`)) number--; return `iteration?at=${number}`; };

  const OWN = new Map([["memory", memoryPage], ["map", mapPage]]);
  const show = () => {
    if (location.hash === "#main") return; // the link that skips to the content
    const [path, query] = (location.hash.replace(/^#\/?/, "") || "overview").split("?");
    const where = new URLSearchParams(query || "");
    if (where.has("at")) at.value = where.get("at");
    const [first, second] = path.split("/");
    document.getElementById("at-said").value = `iteration ${at.value} of ${at.max}`;
    if (path === "find") { // an id in a sentence
      const id = where.get("id") || "";
      location.replace(of.has(id) ? `#/exemplars/${id}` : Object.hasOwn(data.pages, `programs/${id}`) ? `#/programs/${id}` : "#/memory");
      return;
    }
    if (path === "memory" && where.has("show")) asked.show = where.get("show") === "dead" ? "dead" : "";
    const page = first === "exemplars" ? exemplarPage(second) : OWN.has(path) ? OWN.get(path)() : written(path === "iteration" ? finished(Number(at.value)) : query ? `${path}?${query}` : path);
    const moves = ["memory", "map", "iteration"].includes(path);
    document.getElementById("now").textContent = moves || Number(at.value) === data.newest ? "" : "this page is of the whole run";
    main.replaceChildren(...page);
    main.querySelectorAll("[data-born]").forEach((place) => place.replaceWith(listed(numbers((n) => columns.born[n] === Number(place.dataset.born)), "born")));
    main.querySelectorAll("[data-died]").forEach((place) => place.replaceWith(listed(numbers((n) => columns.died[n] === Number(place.dataset.died)), "died", true)));
    main.querySelectorAll(".chart").forEach((chart) => window.BurnishCharts.draw(chart));
    window.BurnishTables.dress(main);
    const map = document.getElementById("map");
    if (map) window.BurnishMap.draw(map);
    document.querySelectorAll("nav.pages a").forEach((link) => {
      const name = { exemplars: "memory", programs: "programs", races: "races" }[first] || first;
      if (link.getAttribute("href") === `#/${name}`) { link.setAttribute("aria-current", "page"); link.scrollIntoView({ inline: "center", block: "nearest" }); } else link.removeAttribute("aria-current");
    });
    document.title = `${path} · ${data.name} · Burnish`;
  };
  let last = "";
  const to = (number) => {
    at.value = number;
    const path = (location.hash.replace(/^#\/?/, "") || "overview").split("?")[0];
    if (path === "map") { // the map moves without being made anew
      document.getElementById("at-said").value = `iteration ${at.value} of ${at.max}`;
      window.BurnishMap.at(Number(at.value));
      return;
    }
    history.replaceState(null, "", path === "iteration" ? `#/iteration?at=${at.value}` : location.hash);
    show();
  };
  at.addEventListener("input", () => to(at.value));
  document.getElementById("scrub").addEventListener("submit", (event) => event.preventDefault());
  document.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => to(Number(at.value) + Number(button.dataset.step))));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (event.target.closest("input, select, textarea") && event.target !== at)) return;
    const step = { "[": -1, "]": 1 }[event.key];
    if (step) { event.preventDefault(); to(Number(at.value) + step); }
  });
  addEventListener("hashchange", () => { if (location.hash !== last) { last = location.hash; show(); scrollTo(0, 0); } });
  last = location.hash;
  show();
  document.body.dataset.ready = "yes";
})();
