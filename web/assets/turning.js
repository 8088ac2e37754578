// Starts what draws the codes that turn on a ticket's page. Where this fails, the code that the server
// has drawn counts for as long as any, and the page is loaded again for the next.
import init from "./boxoffice_web_turning.js";

const module = new URL("./boxoffice_web_turning_bg.wasm", import.meta.url);
init({ module_or_path: module }).catch((error) => {
  console.warn("The code does not turn by itself:", error);
});
