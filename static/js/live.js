// Live events: new calls come in by themselves while one is at the top and busy with none of them; else they are counted
// and nothing moves. The page asks (templates/profiles/_bar.html); here is what is asked, and where the answer goes.
const MOST = 200; // rows kept on the page
const list = () => document.getElementById("live-rows");

// At the top: its beginning is in sight. Busy: a call is open, or the focus is on one.
function flows() {
  const rows = list();
  if (!rows) return true;
  const here = document.activeElement;
  const busy = rows.querySelector("details[open]") || (here !== rows && rows.contains(here));
  return !busy && rows.getBoundingClientRect().top >= 0;
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.id === "newer") event.detail.parameters.flow = flows() ? "1" : "0";
});

document.addEventListener("htmx:afterSettle", () => {
  const bar = document.getElementById("newer");
  const brought = bar?.querySelector(":scope > template");
  if (!brought) return;
  brought.remove();
  // of the first calls ever there is no list to put them into
  if (!list()) return window.location.reload();
  putIn([...brought.content.children], "whole" in brought.dataset);
});

// Newest first, each once; a call that was stored late goes to its place. With a gap before them they stand alone.
function putIn(found, whole) {
  const rows = list();
  if (!whole) rows.replaceChildren();
  for (const row of found) {
    if (document.getElementById(row.id)) continue;
    row.classList.add("is-fresh");
    const later = [...rows.children].find((one) => one.dataset.at <= row.dataset.at);
    rows.insertBefore(row, later ?? null);
    window.htmx.process(row);
  }
  while (rows.children.length > MOST) rows.lastElementChild.remove();
}

// The bar was pressed: on with the newest, at the top.
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#newer a")) return;
  document.addEventListener("htmx:afterSettle", () => {
    list()?.focus({ preventScroll: true });
    document.getElementById("live-found")?.scrollIntoView({ block: "start" });
  }, { once: true });
});
