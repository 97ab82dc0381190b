// Tables that sort by a click on the head of a column.
"use strict";
window.BurnishTables = (() => {
  const sortable = (table) => {
    const head = table.tHead && table.tHead.rows[0];
    if (!head || table.classList.contains("tree") || table.tBodies[0].rows.length < 2) return;
    [...head.cells].forEach((cell, place) => {
      if (cell.colSpan > 1 || !cell.textContent.trim() || cell.querySelector("button")) return;
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

  return { sortable };
})();
