// Shows saved tickets and doors where there is no network. Pages save themselves (saved.js), and it is
// registered for `/admissions/` and `/door/` alone. All other requests go their way.

const PREFIX = "saved ";
// How long the network may take before a saved page is shown, in milliseconds.
const PATIENCE = 3000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && /^\/(admissions|door)\/[\w-]+$/.test(pathname)) {
    event.respondWith(page(request, pathname));
  } else if (pathname.startsWith("/assets/")) {
    event.respondWith(asset(request));
  }
});

/** The network's page, or the saved one if the network takes too long or fails. */
async function page(request, path) {
  const asked = fetch(request);
  const late = new Promise((done) => setTimeout(done, PATIENCE));
  try {
    const answer = await Promise.race([asked, late]);
    if (answer && answer.status < 500) return answer;
  } catch {
    return (await saved(path)) ?? Response.error();
  }
  return (await saved(path)) ?? asked;
}

/** The saved page, marked as such; it says so itself. */
async function saved(path) {
  if (!(await caches.has(PREFIX + path))) return undefined;
  const cache = await caches.open(PREFIX + path);
  const answer = await cache.match(path, { ignoreVary: true });
  if (!answer) return undefined;
  const at = answer.headers.get("x-saved-at");
  const html = (await answer.text()).replace("<html", `<html data-saved="${at}"`);
  return new Response(html, { headers: answer.headers });
}

/** A file's name says what is in it: a saved one is as good as the network's. */
async function asset(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
