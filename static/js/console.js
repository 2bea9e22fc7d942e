// What no attribute does: dialogs, copying, toasts with their clocks, the palette.
import { openPalette } from "./palette.js";
import "./session.js";

// htmx would keep the last pages, with people in them, in the browser's storage beyond the log-out.
if (window.htmx) window.htmx.config.historyCacheSize = 0;
localStorage.removeItem("htmx-history-cache");

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(found, event);
  });

on("click", "[data-dialog]", (button, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a window of its own
  const dialog = document.getElementById(button.dataset.dialog);
  dialog?.querySelector("[data-emptied]")?.replaceChildren(); // what comes in is another form
  if (!dialog?.open) dialog?.showModal();
  within(dialog, false);
});
on("click", "[data-close]", (button, event) => {
  const dialog = button.closest("dialog");
  if (dialog && button.matches("a")) event.preventDefault(); // on a page of its own it leads back
  dialog?.close();
});
// Fields of a dialog within a larger form are fields of it only while it is open.
function within(dialog, isShut) {
  dialog?.querySelectorAll("fieldset[data-while-open]").forEach((fields) => { fields.disabled = isShut; });
}
document.addEventListener("close", (event) => within(event.target, true), true);
on("click", "dialog", (dialog, event) => event.target === dialog && dialog.close());
on("click", "[data-palette]", () => openPalette());
on("click", "[data-dismiss]", (button) => button.closest(".r-toast")?.remove());
// How many rows of a list are chosen, beside what can be done with them.
on("change", ".action-select, #action-toggle", () => requestAnimationFrame(() => {
  const said = document.querySelector("[data-chosen]");
  const count = document.querySelectorAll(".action-select:checked").length;
  if (said) said.textContent = count ? said.dataset.chosen.replace("{n}", count) : "";
}));
on("change", "[data-autosubmit]", (field) => field.form?.requestSubmit());

on("click", "[data-copy]", async (button) => {
  await navigator.clipboard.writeText(button.dataset.copy);
  const use = button.querySelector("use");
  use?.setAttribute("href", "#i-ok");
  setTimeout(() => use?.setAttribute("href", "#i-copy"), 1500);
});

// A toast leaves when its time is over; the pointer on it or the focus in it holds it.
function startToast(toast) {
  let left = Number(toast.dataset.toast);
  if (!left || toast.dataset.started) return;
  toast.dataset.started = "1";
  const tick = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    left -= 1;
    if (left <= 0) { clearInterval(tick); toast.remove(); }
  }, 1000);
}

// A launch that is held: seconds left, as a number and a ring.
function startCountdown(toast) {
  if (toast.dataset.started) return;
  toast.dataset.started = "1";
  const ends = Date.now() + 1000 * Number(toast.dataset.countdown);
  const total = Number(toast.dataset.total) || Number(toast.dataset.countdown) || 1;
  const number = toast.querySelector("[data-left]");
  const ring = toast.querySelector(".r-ring-c");
  const tick = setInterval(draw, 250);
  function draw() {
    const left = Math.max(0, (ends - Date.now()) / 1000);
    if (number) number.textContent = Math.ceil(left);
    ring?.setAttribute("stroke-dashoffset", 100 - (100 * left) / total);
    if (left <= 0) {
      clearInterval(tick);
      toast.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
    }
  }
  draw();
  // What stops it has the focus. Chromium passes `autofocus` over now and then, where a page is busy as it loads.
  const first = toast.querySelector("[autofocus]");
  if (first && (!document.activeElement || document.activeElement === document.body)) first.focus();
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "r-i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

function csrf() {
  const held = document.querySelector("[hx-headers]")?.getAttribute("hx-headers");
  return held ? JSON.parse(held)["X-CSRFToken"] : "";
}

function say({ text, level = "success", undo = "", seconds = 8 }) {
  const toast = document.createElement("div");
  toast.className = `r-toast is-${level}`;
  toast.dataset.toast = undo ? seconds : level === "success" || level === "info" ? 8 : 0;
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(icon(level === "error" || level === "warning" ? "alert" : "okc"), words);
  if (undo) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = undo;
    const token = Object.assign(document.createElement("input"), { type: "hidden", name: "csrfmiddlewaretoken", value: csrf() });
    const button = Object.assign(document.createElement("button"), { type: "submit", className: "r-btn r-undo" });
    button.append(icon("undo"), document.getElementById("toasts")?.dataset.undo || "Undo");
    form.append(token, button);
    toast.append(form);
  }
  document.getElementById("toasts")?.append(toast);
  startToast(toast);
}

function start(root) {
  root.querySelectorAll?.("[data-toast]").forEach(startToast);
  root.querySelectorAll?.("[data-countdown]").forEach(startCountdown);
}

document.addEventListener("toasts", (event) => (event.detail.value ?? []).forEach(say));
document.addEventListener("toast", (event) => say(event.detail));
// What somebody asked for and did not get is said, once; what a page asks for by itself is tried again anyway.
for (const [name, word] of [["htmx:responseError", "refused"], ["htmx:sendError", "away"], ["htmx:timeout", "away"]]) {
  document.addEventListener(name, ({ detail }) => {
    const place = document.getElementById("toasts");
    const text = place?.dataset[word];
    if (!text || !detail.requestConfig.triggeringEvent?.isTrusted) return;
    if (![...place.querySelectorAll("p")].some((said) => said.textContent === text)) say({ text, level: "error" });
  });
}
document.addEventListener("htmx:load", (event) => start(event.detail.elt));
start(document);

// The menu below 1024 px: the focus stays in it while it is open, and goes back to its button.
const menu = document.querySelector("[data-menu]");
const opener = document.querySelector(".sh-menu");
const isOpen = () => Boolean(menu?.classList.contains("is-open"));
menu?.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || !isOpen()) return;
  const reachable = [...menu.querySelectorAll("a[href], button, summary")].filter((one) => one.checkVisibility());
  const [first, last] = [reachable[0], reachable.at(-1)];
  const leaving = document.activeElement === (event.shiftKey ? first : last);
  if (!leaving) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
});
if (menu) {
  let was = false;
  new MutationObserver(() => {
    const now = isOpen();
    if (was && !now && (menu.contains(document.activeElement) || document.activeElement === document.body)) opener?.focus();
    was = now;
  }).observe(menu, { attributes: true, attributeFilter: ["class"] });
}

// An open menu of a summary closes by Esc, as everything that floats does.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details.sh-user[open], details.r-menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary")?.focus();
});

// The theme's lists and forms have no main landmark of their own.
if (!document.querySelector("main")) document.getElementById("content")?.setAttribute("role", "main");

// An open page asks for the state of the installation; no answer is the worst of states.
for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const dot = document.getElementById("sh-dot");
    if (event.target.id !== "sh-health" || !dot) return;
    dot.className = "sh-dot is-bad";
    dot.title = dot.querySelector(".sh-dot-w").textContent = event.target.dataset.away;
  });
}
