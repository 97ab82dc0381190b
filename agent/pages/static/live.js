// A run at work: its pages fetch themselves anew when it went on, unless one looks at an earlier iteration. A browser
// has few connections to one server, so only the tab that is seen holds a stream.
"use strict";
(() => {
  let source = null, last = "";
  const renew = () => {
    const busy = document.activeElement && document.activeElement.matches("main input, main textarea, main select");
    if (document.body.dataset.follows === "yes" && !busy) window.BurnishPages.show(location.pathname + location.search, false);
  };
  const told = (event) => {
    const before = last;
    last = event.data;
    if (before && before !== last) renew(); // the first is of the moment in which the page was made
  };
  const listen = () => {
    if (document.hidden || source) return;
    source = new EventSource(document.body.dataset.live);
    source.addEventListener("changed", told);
  };
  const rest = () => { if (source) source.close(); source = null; };
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
  addEventListener("pagehide", rest);
  listen();
})();
