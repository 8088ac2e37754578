// Keeps pages on the device, so that they open without a network: those that carry `data-keep`, which
// are tickets and doors. The worker (sw.js) shows them.
//
// They belong to the account that is signed in. The page of anybody else throws them away, and so does the page that
// follows signing out: the owner's mark is compared on each page, wherever it came from.

const OWNER = "saved-for";
const PREFIX = "saved ";
// The database of `web/door`, and what of it may go. The queue stays: nothing that a door has decided
// is lost because somebody signs in again.
const DOOR = "boxoffice-door";
const LISTS = ["lists", "patches"];

const scopeOf = (path) => path.match(/^\/(?:admissions|door)\//)?.[0];

// The key of the form that signs out changes with the session, and names nobody.
const visitor = () => document.querySelector('form[action="/sign-out"] [name=key]')?.value ?? "";

/** Compares the owner, and saves the page that is open if it is one to keep. */
export async function tend() {
  if (isSaved()) return tell();
  const owner = localStorage.getItem(OWNER);
  if (owner !== null && owner !== visitor()) await forget();
  if (!("serviceWorker" in navigator)) return;
  if (document.querySelector("[data-keep]")) await keep();
  // Such an address without such a page: the ticket has changed hands, or the door is closed.
  else if (scopeOf(location.pathname)) await remove(location.pathname);
}

const isSaved = () => "saved" in document.documentElement.dataset;

/** Says that the page is a saved one, and of when. */
function tell() {
  const notice = document.getElementById("saved");
  if (!notice || !isSaved() || !notice.hidden) return;
  const at = new Date(Number(document.documentElement.dataset.saved));
  const today = at.toDateString() === new Date().toDateString();
  const form = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  notice.textContent = `You are offline. This page was saved at ${at.toLocaleString([], form)}.`;
  notice.hidden = false;
}

/** Throws away all that was saved, in all windows. */
async function forget() {
  localStorage.removeItem(OWNER);
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX)).map((name) => caches.delete(name)));
  await clear();
}

// Opened without a version, the database is made if it is missing: then it has no lists, and goes.
function clear() {
  return new Promise((done) => {
    const opening = indexedDB.open(DOOR);
    opening.onerror = done;
    opening.onsuccess = () => {
      const database = opening.result;
      const names = LISTS.filter((name) => database.objectStoreNames.contains(name));
      const end = () => {
        database.close();
        if (names.length === 0) indexedDB.deleteDatabase(DOOR);
        done();
      };
      if (names.length === 0) return end();
      const change = database.transaction(names, "readwrite");
      for (const name of names) change.objectStore(name).clear();
      change.oncomplete = change.onabort = end;
    };
  });
}

/** Saves the page that is open, with all that it loads. */
async function keep() {
  const path = location.pathname;
  await navigator.serviceWorker.register("/sw.js", { scope: scopeOf(path) });
  const owner = visitor();
  localStorage.setItem(OWNER, owner);
  const page = await fetch(path, { headers: { accept: "text/html" } });
  const html = await page.text();
  const isTheirs = owner ? html.includes(owner) : !html.includes('"/sign-out"');
  if (!page.ok || page.redirected || !isTheirs) return remove(path);
  const assets = new Set(html.match(/\/assets\/[\w.-]+/g));
  const loaded = performance.getEntriesByType("resource").map((entry) => new URL(entry.name));
  for (const { origin, pathname } of loaded) {
    if (origin === location.origin && /^\/assets\/[\w.-]+$/.test(pathname)) assets.add(pathname);
  }
  // Everything is fetched before anything is replaced: half a page would be worse than an old one.
  const files = await Promise.all([...assets].map(async (asset) => [asset, await fetch(asset)]));
  if (localStorage.getItem(OWNER) !== owner) return;
  await caches.delete(PREFIX + path);
  const saved = await caches.open(PREFIX + path);
  for (const [asset, file] of files) if (file.ok) await saved.put(asset, file);
  const headers = new Headers(page.headers);
  for (const name of ["content-encoding", "content-length", "etag"]) headers.delete(name);
  headers.set("x-saved-at", String(Date.now()));
  await saved.put(path, new Response(html, { headers }));
  // Somebody may have signed out meanwhile.
  if (localStorage.getItem(OWNER) !== owner) await remove(path);
}

/** Throws the page at `path` away, which is not this visitor's any more. */
const remove = (path) => caches.delete(PREFIX + path);

// Nothing may be left here after signing out, even if the request fails.
addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") === "/sign-out") forget();
}, { capture: true });

// A saved ticket may have changed since. A door's own script brings that up to date without a reload.
addEventListener("online", () => {
  if (isSaved() && !document.getElementById("entrance")) location.reload();
});

// Somebody has signed out in another window: what this one shows is theirs.
addEventListener("storage", (event) => {
  const gone = event.key === OWNER && event.newValue === null;
  if (gone && document.querySelector("[data-keep]")) location.reload();
});
