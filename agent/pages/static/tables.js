// Tables that sort by a click on the head of a column, and whose rows become cards on a narrow screen: each cell is given
// the name of its column, and what it holds, by which the style sheet lays it out.
"use strict";
window.BurnishTables = (() => {
  // The heads of the columns, one for each cell of a row.
  const heads = (table) => [...table.tHead.rows[0].cells].flatMap((cell) => Array(cell.colSpan).fill(cell));
  const name = (cell) => cell.dataset.label || (cell.querySelector(".hidden") ? "" : cell.textContent.trim());

  // A table that is laid out as cards would be none to screen readers, were its roles not said.
  const roles = (table) => {
    table.setAttribute("role", "table");
    [...table.querySelectorAll("thead, tbody, tfoot")].forEach((part) => part.setAttribute("role", "rowgroup"));
    [...table.rows].forEach((row) => {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell) => cell.setAttribute("role", cell.tagName === "TD" ? "cell" : row.parentNode.tagName === "THEAD" ? "columnheader" : "rowheader"));
    });
  };
  const cards = (table) => {
    if (!table.tHead || table.matches(".cards, .beside")) return;
    const columns = heads(table), texts = "bdi, svg, a.plain";
    if (columns.length <= 4 && !table.querySelector(texts)) return; // narrow enough
    roles(table);
    table.classList.add("cards");
    [...table.querySelectorAll("tbody tr, tfoot tr")].forEach((row) => {
      let place = 0;
      [...row.cells].forEach((cell) => {
        const head = columns[place];
        place += cell.colSpan;
        if (head && cell.tagName === "TD" && cell.colSpan < columns.length - 1) cell.dataset.label = name(head);
        if (!cell.textContent.trim() && !cell.querySelector("svg")) cell.classList.add("none");
        else if (cell.querySelector(texts) && !(cell.matches(".quiet") && cell.textContent.trim().length < 32)) cell.classList.add("long");
        else if (cell.querySelector(".id")) cell.classList.add("ids");
      });
    });
  };

  const sortable = (table) => {
    const head = table.tHead && table.tHead.rows[0];
    if (!head || table.classList.contains("tree") || table.tBodies.length !== 1 || table.tBodies[0].rows.length < 2) return;
    table.classList.add("sorts");
    [...head.cells].forEach((cell, place) => {
      if (cell.colSpan > 1 || !cell.textContent.trim() || cell.querySelector("button, .hidden") || cell.matches(".scale, .drawn")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        [...head.cells].forEach((other) => other.removeAttribute("aria-sort"));
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        const shift = [...head.cells].slice(0, place).reduce((sum, one) => sum + one.colSpan, 0);
        const value = (row) => row.cells[shift] ? row.cells[shift].textContent.trim() : "";
        const number = (text) => Number(text.replace(/[,\s]|…/g, "").replace("−", "-").replace(/^since/, ""));
        const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
        const numeric = rows.every(([text]) => text === "" || !Number.isNaN(number(text)));
        rows.sort(([a], [b]) => (numeric ? number(a) - number(b) : a.localeCompare(b)) * (down ? -1 : 1));
        table.tBodies[0].append(...rows.map(([, row]) => row));
      });
    });
  };

  // A table of which a checkbox shows some rows only: those that are not of the class that it names.
  const filtered = (box) => {
    const table = document.getElementById(box.getAttribute("aria-controls"));
    const apply = () => table.classList.toggle(`without-${box.dataset.without}`, box.checked);
    box.closest("[hidden]")?.removeAttribute("hidden");
    box.addEventListener("change", apply);
    apply();
  };

  // What all tables of a part of the page are given.
  const dress = (part) => {
    part.querySelectorAll("table").forEach((table) => { cards(table); sortable(table); });
    part.querySelectorAll("input[data-without]").forEach(filtered);
  };

  const alone = document.querySelector("main[data-tables]"); // a page that has no other script
  if (alone) dress(alone);

  return { dress };
})();
