// What sticks out of the page to the side, if it can be scrolled there.
const page = document.scrollingElement;
if (page.scrollWidth <= page.clientWidth) return [];
return [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > page.clientWidth + 1)
  .slice(0, 5)
  .map((element) => element.outerHTML.replace(/\s+/g, " ").slice(0, 120))
  .concat([`${page.scrollWidth} in ${page.clientWidth}`]);
