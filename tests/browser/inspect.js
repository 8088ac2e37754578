// Everything that is wrong with how the page looks now, as sentences. Needs axe-core.
const [done] = arguments;

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
const brief = (element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 160);
const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
const all = (selector) => [...document.querySelectorAll(selector)].filter(isSeen);

// What can be touched is 44 pixels high, but for links within a line of text. A field is as large
// as the label around it.
function tooSmall() {
  return all("button, summary, select, textarea, input:not([type=hidden]), a[href]")
    .filter((element) => !element.matches("a") || getComputedStyle(element).display !== "inline")
    .map((element) => element.closest("label") ?? element)
    .filter((element) => {
      const { width, height } = element.getBoundingClientRect();
      // Something for those who hear the page alone is a pixel large.
      return height > 1 && (height < 43.5 || width < 24);
    })
    .map((element) => {
      const { width, height } = element.getBoundingClientRect();
      return `too small to touch, ${width} by ${height}: ${brief(element)}`;
    });
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
