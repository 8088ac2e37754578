// Everything that is wrong with how the page looks now, as sentences. Needs axe-core.
const [done] = arguments;

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const brief = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 160);
const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
const all = (selector) => [...document.querySelectorAll(selector)].filter(isSeen);

// The size of what can be touched. A choice is as large as all that chooses it: its label may reach
// far beyond its own text.
function touchable(element) {
  const { width, height } = element.getBoundingClientRect();
  if (!element.matches("[type=radio], [type=checkbox]")) return { width, height };
  const scroll = [scrollX, scrollY];
  element.scrollIntoView({ block: "center", behavior: "instant" });
  const box = element.getBoundingClientRect();
  const middle = [box.left + box.width / 2, box.top + box.height / 2];
  const chooses = (x, y) => {
    const hit = document.elementFromPoint(x, y);
    return hit === element || [...element.labels].some((label) => label.contains(hit));
  };
  const reach = (x, y) => {
    let steps = 0;
    while (steps < 100 && chooses(middle[0] + x * steps, middle[1] + y * steps)) steps += 1;
    return steps;
  };
  const size = { width: reach(-1, 0) + reach(1, 0), height: reach(0, -1) + reach(0, 1) };
  scrollTo({ left: scroll[0], top: scroll[1], behavior: "instant" });
  return size;
}

// What can be touched is 44 pixels high, but for links within a line of text.
function tooSmall() {
  return all("button, summary, select, textarea, input:not([type=hidden]), a[href]")
    .filter((element) => !element.matches("a") || getComputedStyle(element).display !== "inline")
    .map((element) => ({ element, ...touchable(element) }))
    // Something for those who hear the page alone is a pixel large.
    .filter(({ width, height }) => height > 1 && (height < 43.5 || width < 24))
    .map(({ element, width, height }) =>
      `too small to touch, ${width} by ${height}: ${brief(element)}`);
}

// Phones zoom into fields whose text is smaller.
function tooFine() {
  return all("input:not([type=hidden], [type=radio], [type=checkbox]), select, textarea")
    .filter((element) => parseFloat(getComputedStyle(element).fontSize) < 16)
    .map((element) => `text smaller than 16 pixels: ${brief(element)}`);
}

function moving() {
  return document.getAnimations()
    .filter((animation) => animation.playState === "running")
    .filter((animation) => animation.effect.getComputedTiming().duration > 10)
    .map((animation) => `moves although nothing should: ${brief(animation.effect.target)}`);
}

axe.run({ runOnly: tags }).then(
  ({ violations }) => {
    const found = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) =>
        `axe ${id}: ${help}: ${html.slice(0, 200)} ${failureSummary.replace(/\s+/g, " ")}`));
    done([...found, ...tooSmall(), ...tooFine(), ...moving()]);
  },
  (error) => done([`axe failed: ${error}`]),
);
