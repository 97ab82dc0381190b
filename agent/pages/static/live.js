// A run at work: its pages fetch themselves anew when it went on, unless one looks at an earlier iteration.
"use strict";
(() => {
  const source = new EventSource(document.body.dataset.live);
  let first = true;
  source.addEventListener("changed", () => {
    if (first) { first = false; return; } // the page is of this moment
    const busy = document.activeElement && document.activeElement.matches("main input, main textarea, main select");
    if (document.body.dataset.follows === "yes" && !busy) window.BurnishPages.show(location.pathname + location.search, false);
  });
  addEventListener("pagehide", () => source.close());
})();
