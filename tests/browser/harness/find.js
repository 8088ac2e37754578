// Finds what a person would mean by a kind of thing and its name; null if they see no such thing.
const [kind, name, scope] = arguments;

const selectors = {
  button: "button, input[type=submit], [role=button], summary",
  link: "a[href]",
  field: "input:not([type=hidden], [type=submit]), select, textarea",
  heading: "h1, h2, h3, h4, h5, h6",
};
selectors.control = `${selectors.button}, ${selectors.link}, [type=radio], [type=checkbox]`;

const tidy = (text) => text.replace(/\s+/g, " ").trim();

function read(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.nodeType !== Node.ELEMENT_NODE) return "";
  if (node.matches("[aria-hidden=true], [hidden], select, textarea, script, style")) return "";
  if (node.matches("img, svg[aria-label]")) return node.alt ?? node.ariaLabel ?? "";
  return [...node.childNodes].map(read).join("");
}

function names(element) {
  const by = element.getAttribute("aria-labelledby");
  if (by) {
    return [by.split(/\s+/).map((id) => read(document.getElementById(id) ?? new Text())).join(" ")];
  }
  if (element.ariaLabel) return [element.ariaLabel];
  if (element.labels?.length) return [...element.labels].map(read);
  return [element.matches("input") ? element.value : read(element)];
}

// What marks a field as one that may be left empty is no part of its name.
const plain = (text) => tidy(text).replace(/ \(?optional\)?$/, "");

const root = scope ? document.querySelector(scope) : document;
const candidates = root ? [...root.querySelectorAll(selectors[kind])] : [];
return candidates.find((element) =>
  element.checkVisibility({ visibilityProperty: true })
    && names(element).some((text) => plain(text) === name)) ?? null;
