// What has the focus: its name, and a fault if people cannot see that it has it.
const element = document.activeElement ?? document.body;
const tidy = (text) => (text ?? "").replace(/\s+/g, " ").trim();

function name() {
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(" ");
  if (element.ariaLabel) return element.ariaLabel;
  if (element.labels?.length) return element.labels[0].textContent;
  return element.matches("input") ? element.value : element.textContent;
}

// A link that fills a card is marked by the part that does.
function isMarked() {
  return [null, "::before", "::after"].some((part) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, part);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
  });
}

function fault() {
  // Where nothing has it, it is at the page's end or beginning: the next Tab goes on from there.
  if (element === document.body) return null;
  // A heading that a script has led to is no stop of Tab's: there is nothing to do with it.
  if (element.tabIndex < 0) return null;
  if (!isMarked()) return "nothing marks it";
  const box = element.getBoundingClientRect();
  // The middle of the part that is in view: browsers scroll to a caret, not to all of a long field.
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  const [x, y] = [box.left + box.width / 2, (top + bottom) / 2];
  const above = document.elementFromPoint(x, y);
  const isCovered = above && !above.contains(element) && !element.contains(above)
    && ![...(element.labels ?? [])].some((label) => label.contains(above));
  if (!above) return `it is outside of what is in view, at ${x}, ${y}`;
  return isCovered ? `${above.tagName} ${above.className} covers it` : null;
}

return { name: tidy(name()).slice(0, 80).replace(/ \(?optional\)?$/, ""), tag: element.tagName, fault: fault() };
