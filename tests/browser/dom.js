// A picture of an element, line by line: everything in it that people or programs can notice.
function picture(element, depth = 0) {
  const indent = " ".repeat(depth);
  // Frameworks' own marks, and what time changes.
  const attributes = [...element.attributes]
    .filter(({ name }) => name !== "data-hk")
    .map(({ name, value }) => ` ${name}=${JSON.stringify(value)}`)
    .sort()
    .join("");
  const lines = [`${indent}<${element.localName}${attributes}>`];
  if (element.matches("[role=timer]")) return lines[0];
  let text = "";
  const flush = () => {
    const tidy = text.replace(/\s+/g, " ").trim();
    if (tidy) lines.push(`${indent} ${tidy}`);
    text = "";
  };
  for (const node of element.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) text += node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches("script")) continue;
    flush();
    lines.push(picture(node, depth + 1));
  }
  flush();
  return lines.join("\n");
}
