// Starts what a door's page has besides the shop: the camera and the sound. Where this fails, codes
// are typed, by hand or by a hand-held scanner.
import init from "./boxoffice_web_door.js";

init({ module_or_path: new URL("./boxoffice_web_door_bg.wasm", import.meta.url) }).catch((error) => {
  console.warn("The door works without its script:", error);
});
