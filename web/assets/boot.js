// Starts the shop in the browser. Where this fails, or WebAssembly is missing, the page stays what
// the server sent: plain links and forms, which all work.
import init from "./boxoffice_web.js";

init({ module_or_path: new URL("./boxoffice_web_bg.wasm", import.meta.url) }).catch((error) => {
  console.warn("The shop works without its script:", error);
});
