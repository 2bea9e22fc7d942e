// The session, and a form that was begun: nothing typed goes down with a log-out. Whoever has begun one is not sent to
// the log-in over it, and what would be refused is not sent: it is said, and goes on after a log-in in another window.
const begun = new Set(); // forms that somebody has typed in
const health = () => document.getElementById("sh-health");
let isAsking = false;
let passed = null; // a form that may go

/** True with today's token in every form; false where nobody is signed in, null where nothing answers. */
export async function renew() {
  const answer = await fetch(health().getAttribute("hx-get"), { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.status === 401) return false;
  if (!answer?.ok) return null;
  spread(new DOMParser().parseFromString(await answer.text(), "text/html"));
  health().querySelector(".sh-out")?.remove();
  return true;
}

// A log-in in another window makes a new token.
function spread(fresh) {
  const token = fresh.querySelector('input[name="csrfmiddlewaretoken"]')?.value;
  if (!token) return;
  document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach((field) => { field.value = token; });
  document.querySelectorAll("[hx-headers]").forEach((held) => held.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token })));
}

/** Says that nobody is signed in, until somebody is. */
export function sayOut() {
  const place = health();
  if (place && !place.querySelector(".sh-out")) place.append(place.querySelector("template").content.cloneNode(true));
}

// Whoever would be asked by the browser before leaving has begun something too.
function isBegun() {
  const leaving = new Event("beforeunload", { cancelable: true });
  window.dispatchEvent(leaving);
  return leaving.defaultPrevented || [...begun].some((form) => form.isConnected);
}

document.addEventListener("input", ({ target }) => {
  if (target.form?.method === "post") begun.add(target.form);
});
document.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.successful) begun.delete(detail.elt); });
document.addEventListener("htmx:afterSwap", ({ target }) => { if (target.id === "sh-health") spread(target); });
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  if (xhr.status !== 401 || !xhr.getResponseHeader("HX-Redirect") || !isBegun()) return;
  event.preventDefault();
  sayOut();
});
// Forms that save themselves ask by themselves (autosave.js).
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!begun.has(form) || !health() || "autosave" in form.dataset || passed === form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (isAsking) return;
  isAsking = true;
  const { submitter } = event;
  const isIn = await renew();
  isAsking = false;
  if (isIn) {
    passed = form;
    form.requestSubmit(submitter);
    passed = null;
  } else if (isIn === false) sayOut();
  else {
    const text = document.getElementById("toasts")?.dataset.away;
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } }));
  }
}, true);
