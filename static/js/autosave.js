// A form that saves itself. One save at a time, each the whole form as it stands when it is sent, and each building on
// the revision that the answer to the one before has named: an older save can never win over a newer one.
import { renew } from "./session.js";

const form = document.querySelector("form[data-autosave]");
const SOON = 900; // ms after the last key
const PATIENCE = 20_000; // ms for an answer
const PAUSES = [1_000, 2_000, 5_000, 15_000]; // ms before the same is sent once more
const AWAY = new Set([502, 503, 504]); // the console is starting, or something before it is
const OWN = ["revision", "csrfmiddlewaretoken"]; // fields that are no part of the draft

let kept = null; // what the form held when it was saved last
let refused = false; // the draft is newer than this page: somebody has to decide first
let running = null;
let timer = 0;

const held = (of) => {
  const fields = new FormData(of);
  for (const name of OWN) fields.delete(name);
  return new URLSearchParams(fields).toString();
};
const written = () => held(form);
const isDirty = () => Boolean(form?.isConnected) && written() !== kept;
const pause = (ms) => new Promise((ready) => setTimeout(ready, ms));

function say(word) {
  const place = document.getElementById("saved");
  place.textContent = form.dataset[word];
  place.className = `r-xs ${word === "saving" ? "r-sub" : "r-cmp-unsaved"}`;
}

function build(revision) {
  document.querySelectorAll('input[name="revision"]').forEach((field) => { field.value = revision; });
}

/** Sends what stands in the form until all of it is saved; true where it is. */
function save() {
  clearTimeout(timer);
  running ??= send().finally(() => { running = null; });
  return running;
}

async function send() {
  while (!refused && isDirty()) {
    const body = written();
    let answer = await ask(body);
    if (answer.status === 403 && await renew()) answer = await ask(body);
    if (!take(answer, body) && (refused || written() === body)) return false;
  }
  return !refused;
}

// Whether an attempt without an answer has arrived nobody knows. So the very same is sent again before anything newer:
// where it had arrived it changes nothing and is answered with the revision that it made.
async function ask(body) {
  const fixed = new URLSearchParams(OWN.map((name) => [name, form.querySelector(`input[name="${name}"]`).value]));
  for (let turn = 0; ; turn += 1) {
    say("saving");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true" },
        body: `${body}&${fixed}`,
        signal: AbortSignal.timeout(PATIENCE),
      });
      const text = await answer.text();
      if (!AWAY.has(answer.status)) return { status: answer.redirected ? 401 : answer.status, text };
    } catch { /* said and tried again below */ }
    say("offline");
    await pause(PAUSES[Math.min(turn, PAUSES.length - 1)]);
  }
}

/** Shows the answer; true where it says that `body` is saved. */
function take({ status, text }, body) {
  if (status !== 200 && status !== 409) {
    say({ 401: "out", 403: "out", 404: "gone" }[status] ?? "failed");
    return false;
  }
  window.htmx.swap("#saved", text, { swapStyle: "outerHTML" });
  if (status === 409) {
    refused = true;
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: form.dataset.old, level: "warning" } }));
  }
  const { revision } = document.getElementById("saved").dataset;
  if (!revision) return false;
  kept = body;
  build(revision);
  document.body.dispatchEvent(new CustomEvent("saved"));
  return true;
}

function look() {
  const wrong = form.querySelector('[id^="err-"] .r-form-e');
  const place = form.querySelector("#stale section") ?? wrong?.closest(".r-form-f, fieldset") ?? wrong;
  place?.scrollIntoView({ block: "center" });
  (place?.matches("section") ? place : place?.querySelector("input, select, textarea"))?.focus({ preventScroll: true });
}

/** To another page once all is saved; after a while or a refusal the browser asks first. */
async function go(address) {
  await Promise.race([save(), pause(3_000)]);
  window.location.assign(address);
}

function start() {
  const fresh = form.cloneNode(true);
  fresh.reset(); // as the page came: somebody may have been faster than this script
  kept = "unsaved" in form.dataset ? null : held(fresh);
  refused = Boolean(form.querySelector("#stale section"));
  const later = (ms) => (event) => {
    if (event.target.form !== form) return;
    clearTimeout(timer);
    timer = setTimeout(save, ms);
  };
  form.addEventListener("input", later(SOON));
  form.addEventListener("change", later(0));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (button?.name === "revision") { // the note's own button: what stands here shall count
      build(button.value);
      kept = null;
      refused = false;
      return void save();
    }
    if (await save()) window.location.assign(button?.dataset.next ?? window.location.href);
    else look();
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
  window.addEventListener("beforeunload", (event) => { if (isDirty()) event.preventDefault(); });
  if (kept !== null) save();
  // A page that the browser kept as it was may be older than the draft.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
}

// Links wait for the save under way, and so does whatever works on the saved draft.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const opens = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link?.target;
  if (!link || opens || event.defaultPrevented || link.origin !== window.location.origin) return;
  if ("anyway" in link.dataset) kept = written();
  else if (isDirty() && !refused) {
    event.preventDefault();
    go(link.href);
  }
});
document.addEventListener("submit", async (event) => {
  if (!("afterSave" in event.target.dataset) || !isDirty()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await save()) event.target.requestSubmit(event.submitter);
  else look();
}, true);

if (form) start();
