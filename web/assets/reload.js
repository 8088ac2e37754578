// For those who work on the shop: loads the page anew once the shop behind it is another.
// A page refers to this only where `cargo xtask up --watch` runs the shop.
const ask = async () => {
  try {
    const answer = await fetch("/assets/reload", { cache: "no-store" });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined; // It is being started again.
  }
};

const first = await ask();
setInterval(async () => {
  const now = await ask();
  if (now !== undefined && now !== first) location.reload();
}, 1000);
