// What scripts add to a page that reads without them: the scrubber, sorted tables, keys.
"use strict";
(() => {
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  let coming = 0;

  // A page in the place of this one, without a flash; `draw` is called again for what is new.
  const show = async (address, remember) => {
    const number = ++coming;
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    const text = await answer.text();
    if (number !== coming) return; // a later one was asked for meanwhile
    const page = new DOMParser().parseFromString(text, "text/html");
    const main = page.querySelector("main");
    if (!main) { location.href = address; return; }
    document.querySelector("main").replaceWith(document.adoptNode(main));
    for (const part of [".pages", "footer", "#now"]) {
      const next = page.querySelector(part), old = document.querySelector(part);
      if (next && old) old.replaceWith(document.adoptNode(next));
    }
    const at = page.getElementById("at");
    if (at) { // of a run that went on meanwhile
      const own = document.getElementById("at");
      own.max = at.max;
      if (document.activeElement !== own) own.value = at.value;
      document.getElementById("at-said").value = page.getElementById("at-said").textContent;
    }
    document.title = page.title;
    document.body.dataset.follows = page.body.dataset.follows;
    if (remember) history.replaceState(null, "", address);
    draw();
  };

  const { dress } = window.BurnishTables;

  const draw = () => {
    const current = document.querySelector(".pages [aria-current]");
    if (current) current.scrollIntoView({ inline: "center", block: "nearest" });
    dress(document.querySelector("main"));
    document.querySelectorAll("main .chart").forEach((chart) => window.BurnishCharts.draw(chart));
    document.querySelectorAll("main [data-include]").forEach(include);
    const map = document.getElementById("map");
    if (map) window.BurnishMap.draw(map);
  };

  // What takes long to tell stands on a page of its own, and is fetched into this one.
  const include = async (place) => {
    const answer = await fetch(place.dataset.include);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("included");
    if (!found || !place.isConnected) return;
    place.replaceWith(document.adoptNode(found));
    dress(found);
  };

  const scrub = document.getElementById("scrub");
  const at = document.getElementById("at");
  const to = (number, soon) => {
    at.value = number;
    document.getElementById("at-said").value = `iteration ${at.value} of ${at.max}`;
    const map = document.getElementById("map");
    if (map) window.BurnishMap.at(Number(at.value)); // at once; the tables follow
    clearTimeout(to.timer);
    to.timer = setTimeout(() => {
      const address = new URL(location.href);
      address.searchParams.set("at", at.value);
      address.searchParams.delete("page");
      show(address.pathname + address.search, true);
    }, soon ? 0 : 120);
  };
  if (scrub) {
    at.addEventListener("input", () => to(at.value, false));
    scrub.addEventListener("submit", (event) => { event.preventDefault(); to(at.value, true); });
    scrub.querySelectorAll("[data-step]").forEach((button) =>
      button.addEventListener("click", () => to(Number(at.value) + Number(button.dataset.step), true)));
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || (typing(event.target) && event.target !== at)) return;
    const step = { "[": -1, "]": 1 }[event.key];
    if (step && scrub) { event.preventDefault(); to(Number(at.value) + step, true); return; }
    if (event.key === "/" && event.target !== at) {
      const find = document.getElementById("find");
      if (find) { event.preventDefault(); find.focus(); }
      return;
    }
    const button = document.querySelector(`main [data-key="${CSS.escape(event.key)}"]`);
    if (button) { event.preventDefault(); if (button.matches("textarea")) { button.focus(); button.setSelectionRange(button.value.length, button.value.length); } else button.click(); }
  });

  // Rating is a decision of its own: the button says so.
  document.addEventListener("submit", (event) => {
    const by = event.submitter;
    if (by && by.name === "rating") {
      const action = document.createElement("input");
      Object.assign(action, { type: "hidden", name: "action", value: "rate" });
      event.target.append(action);
    }
  });

  window.BurnishPages = { show };
  draw();
})();
