// A run at work: its pages fetch themselves anew when it went on, unless one looks at an earlier iteration. A browser
// has few connections to one server, so of all tabs one holds the stream and tells the others.
"use strict";
(() => {
  const address = document.body.dataset.live, others = new BroadcastChannel(address);
  let last = "";
  const renew = () => {
    const busy = document.activeElement && document.activeElement.matches("main input, main textarea, main select");
    if (document.body.dataset.follows === "yes" && !busy) window.BurnishPages.show(location.pathname + location.search, false);
  };
  others.addEventListener("message", (event) => { last = event.data; renew(); });
  navigator.locks.request(address, () => new Promise((left) => {
    const source = new EventSource(address);
    source.addEventListener("changed", (event) => {
      const before = last;
      last = event.data;
      if (!before || before === last) return; // the first is of the moment in which the page was made
      others.postMessage(last);
      renew();
    });
    addEventListener("pagehide", () => { source.close(); left(); });
  }));
})();
