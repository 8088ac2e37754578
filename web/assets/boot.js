// Starts the shop in the browser. Where this fails, or WebAssembly is missing, the page stays what
// the server sent: plain links and forms, which all work.
import init from "./boxoffice_web.js";

init({ module_or_path: new URL("./boxoffice_web_bg.wasm", import.meta.url) })
  .catch((error) => {
    console.warn("The shop works without its script:", error);
  })
  .then(tend);

// The shop's script says so whenever another page has taken the place of the last one.
addEventListener("shop:page", tend);

// Few visitors have a page to keep, or one that was kept: the others do not load what does it.
function tend() {
  const keeps = document.querySelector("[data-keep]");
  if (!keeps && !isOwned()) return;
  import("./saved.js")
    .then((saved) => saved.tend())
    .catch((error) => console.warn("Saved pages were not looked after:", error));
}

// A browser may keep nothing for a page, and throw instead.
function isOwned() {
  try {
    return localStorage.getItem("saved-for") !== null;
  } catch {
    return false;
  }
}
