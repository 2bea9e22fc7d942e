// The demo shop's tracking: a browser client of the ingest API in one file, nothing else loaded.
// Calls go as text/plain beacons, so that they survive the page and need no preflight. What measures
// is told with permission alone: the banner (consent/banner.js) asks, and each call says the answer.

const DEVICE = "cairnway.device"; // the anonymous id of this browser
const KNOWN = "cairnway.known"; // whom this browser has told of
const telling = JSON.parse(document.getElementById("telling").textContent);

const permission = window.rapportConsent;

/** Whether visits may be counted: where a banner asks, once it was answered with yes. */
const mayMeasure = () => !permission?.asks() || permission.allows("measuring");

function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The first visitor sits at Maya's laptop; who logs out goes on as a new device. */
function device() {
  const kept = localStorage.getItem(DEVICE) ?? telling.device;
  localStorage.setItem(DEVICE, kept);
  return kept;
}

function context() {
  return {
    library: { name: "cairnway-shop", version: "1.0" },
    page: {
      path: location.pathname,
      url: location.href,
      title: document.title,
      referrer: document.referrer,
    },
    userAgent: navigator.userAgent,
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(permission?.consent() ? { consent: permission.consent() } : {}),
  };
}

function send(letter, said, words) {
  if (!telling.key) return;
  const now = new Date().toISOString();
  const call = {
    writeKey: telling.key,
    messageId: `shop-${uuid()}`,
    anonymousId: device(),
    timestamp: now,
    sentAt: now,
    context: context(),
    ...(telling.user ? { userId: telling.user } : {}),
    ...said,
  };
  const body = JSON.stringify(call);
  const beacon = new Blob([body], { type: "text/plain" });
  if (!navigator.sendBeacon(`/v1/${letter}`, beacon)) {
    fetch(`/v1/${letter}`, { method: "POST", body, keepalive: true }).catch(() => {});
  }
  show(words, now);
}

function track(event, properties) {
  if (mayMeasure()) send("t", { event, properties }, event);
}

/** The drawer at the foot of the page: each call in plain sight. */
function show(words, at) {
  const drawer = document.getElementById("calls");
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = at.slice(11, 19);
  item.append(time, ` ${words}`);
  drawer.querySelector("[data-list]").append(item);
  const count = drawer.querySelector("[data-count]");
  count.textContent = String(Number(count.textContent) + 1);
}

function tellPage() {
  if (!mayMeasure()) return;
  const { pathname: path, href: url } = location;
  const properties = { name: telling.page, path, url, title: document.title };
  send("p", { name: telling.page, properties }, `Page Viewed: ${telling.page}`);
  for (const [event, said] of telling.events) track(event, said);
}

/** Once for each person on each device: from here on the two belong together. */
function tellWho() {
  const who = `${device()} ${telling.user}`;
  if (!telling.user || localStorage.getItem(KNOWN) === who) return;
  localStorage.setItem(KNOWN, who);
  send("i", { traits: telling.traits }, `identify: ${telling.user}`);
}

function onSubmit(event) {
  const { track: name, say } = event.target.dataset;
  if (name) track(name, say ? JSON.parse(document.getElementById(say).textContent) : {});
  if ("forget" in event.target.dataset) {
    localStorage.setItem(DEVICE, uuid());
    localStorage.removeItem(KNOWN);
  }
}

function onClick(event) {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  for (const [name, value] of Object.entries(JSON.parse(button.dataset.fill))) {
    document.querySelector(`form [name="${name}"]`).value = value;
  }
}

device();
document.addEventListener("submit", onSubmit);
document.addEventListener("click", onClick);
await permission?.ready;
let isTold = mayMeasure();
permission?.onChange(() => {
  show("Consent Preference Updated", new Date().toISOString());
  if (!isTold) tellPage(); // the page on which the answer came
  isTold ||= mayMeasure();
});
tellWho();
tellPage();
