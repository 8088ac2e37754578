// Runs in every page before its own scripts: what the page does wrong is said on the console, which
// is read when the test ends.
addEventListener("securitypolicyviolation", (event) => {
  console.error(
    `policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`
      + ` in ${event.sourceFile}:${event.lineNumber}`,
  );
});

// How far the parts of the page have moved without anybody's doing, and which.
window.shift = 0;
window.shifted = [];
const place = ({ x, y, width, height }) => `${width} by ${height} at ${x}, ${y}`;
new PerformanceObserver((list) => {
  for (const { hadRecentInput, value, sources } of list.getEntries()) {
    if (hadRecentInput) continue;
    window.shift += value;
    for (const { node, previousRect, currentRect } of sources) {
      const name = `${node?.nodeName} ${node?.className ?? node?.data}`;
      window.shifted.push(`${name} from ${place(previousRect)} to ${place(currentRect)}`);
    }
  }
}).observe({ type: "layout-shift", buffered: true });

// Whether the page hears news: nothing else tells that its stream has begun. And all streams that it
// has opened.
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(...parameters) {
    super(...parameters);
    window.streams.push(this);
    this.addEventListener("open", () => (window.isListening = true));
    this.addEventListener("error", () => (window.isListening = false));
  }
};
