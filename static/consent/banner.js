// Asks people what a site may do with what it learns of them, keeps their answer in this browser,
// and tells it to the installation that this file comes from.
//
//   <script src="https://rapport.example/consent/banner.js" data-key="WRITE KEY" defer></script>
//
// Nothing else is loaded but the style sheet beside it and the texts. No inline style or script, so
// a site's policy needs the one origin in script-src, style-src and connect-src. docs/integrators/banner.md has
// what `window.rapportConsent` offers and the data-* attributes.

(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.rapportConsent) return;

  const { key = "", config, theme = "auto", idItem, userId, button: ownButton } = script.dataset;
  const origin = new URL(script.src, location.href).origin;
  const isPreview = Boolean(config);
  const NAME = `rapport.consent.${key.slice(0, 8)}`;
  const EVENT = "Consent Preference Updated";
  const SHARING = "sharing-for-ads"; // what Global Privacy Control is about
  const MOST_QUEUED = 20;
  const DAY = 86_400_000; // milliseconds
  const gpc = navigator.globalPrivacyControl === true;

  // 1. What this browser remembers; a browser may forbid it, and then it is asked on each page

  const memory = {
    read(name) {
      try {
        return JSON.parse(localStorage.getItem(name));
      } catch {
        return null;
      }
    },
    write(name, value) {
      if (isPreview) return;
      try {
        localStorage.setItem(name, JSON.stringify(value));
      } catch {
        // full or forbidden: the answer holds for this page
      }
    },
  };

  function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** The visitor's id: the site's own (`data-id-item`), the stock SDK's, else one of ours. */
  function anonymousId() {
    for (const item of [idItem, "ajs_anonymous_id", `${NAME}.id`]) {
      let kept = null;
      try {
        kept = item && localStorage.getItem(item);
      } catch {
        break;
      }
      if (kept) return kept.replace(/^"|"$/g, "");
    }
    const made = uuid();
    memory.write(`${NAME}.id`, made);
    return made;
  }

  let saved = isPreview ? null : memory.read(NAME);
  let form = null; // the texts and purposes, once they are here
  const listeners = [];

  // 2. What a site asks

  const allows = (purpose) =>
    !(gpc && purpose === SHARING) && saved?.choices?.[purpose] === true;

  /** What goes into `context.consent` of an event; null as long as nobody chose. */
  function consent() {
    if (!saved) return null;
    const names = Object.keys(saved.choices);
    const categoryPreferences = Object.fromEntries(names.map((name) => [name, allows(name)]));
    return { categoryPreferences, wording: saved.wording, language: saved.language };
  }

  /** For the stock SDK: analytics.addSourceMiddleware(rapportConsent.stamp) */
  function stamp({ payload, next }) {
    const said = consent();
    if (said) payload.obj.context = { ...payload.obj.context, consent: said };
    next(payload);
  }

  // 3. Telling: kept until it arrived

  function tell(said) {
    const now = new Date().toISOString();
    const call = {
      writeKey: key,
      messageId: `consent-${uuid()}`,
      anonymousId: anonymousId(),
      ...(userId ? { userId } : {}),
      event: EVENT,
      properties: {},
      timestamp: now,
      context: {
        library: { name: "rapport-consent", version: "1.0" },
        page: { url: location.origin + location.pathname },
        consent: said,
      },
    };
    memory.write(`${NAME}.queue`, [...queued(), call].slice(-MOST_QUEUED));
    return flush([call]);
  }

  const queued = () => memory.read(`${NAME}.queue`) ?? [];

  async function flush(unkept = []) {
    const kept = queued();
    for (const call of kept.length ? kept : unkept) {
      const body = JSON.stringify({ ...call, sentAt: new Date().toISOString() });
      try {
        const answer = await fetch(`${origin}/v1/track`, {
          method: "POST", body, keepalive: true, credentials: "omit",
        });
        if (answer.status >= 500 || answer.status === 429) return;
      } catch {
        return; // offline: when it is back, or on the next page
      }
      memory.write(`${NAME}.queue`, queued().filter((one) => one.messageId !== call.messageId));
    }
  }

  function choose(choices) {
    const said = gpc && SHARING in choices ? { ...choices, [SHARING]: false } : choices;
    saved = {
      choices: said, wording: form.wording, language: form.language, version: form.version,
      at: new Date().toISOString(),
    };
    memory.write(NAME, saved);
    if (!isPreview) tell(consent());
    hideAll(form.texts.saved);
    for (const listener of listeners) listener(consent());
    document.dispatchEvent(new CustomEvent("rapport:consent", { detail: consent() }));
  }

  const all = (allowed) => Object.fromEntries(form.purposes.map(({ slug }) => [slug, allowed]));

  // 4. Asking

  async function load() {
    addEventListener("online", () => flush());
    if (queued().length && !isPreview) flush();
    try {
      form = isPreview ? JSON.parse(document.getElementById(config).textContent) : await fetchForm();
    } catch {
      form = null; // no banner, or no network: nothing is allowed that was not before
    }
    if (form && document.readyState === "loading")
      await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    if (form) show();
    return consent();
  }

  async function fetchForm() {
    const language = script.dataset.lang || document.documentElement.lang || navigator.language;
    const address = `${origin}/consent/${encodeURIComponent(key)}/banner.json`;
    const answer = await fetch(`${address}?lang=${encodeURIComponent(language)}`, {
      credentials: "omit",
    });
    return answer.status === 200 ? answer.json() : null;
  }

  /** Never answered, answered to other words or fewer purposes, or long ago. */
  function isDue() {
    if (!saved) return true;
    if (form.versions[saved.language] !== saved.version) return true;
    if (form.purposes.some(({ slug }) => !(slug in saved.choices))) return true;
    return Date.now() - Date.parse(saved.at) > form.days * DAY;
  }

  /** An element with attributes and children; text is only ever text. */
  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value != null) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child));
    return made;
  }

  let root, banner, dialog, opener, status, from;

  function show() {
    const host = make("div", { id: "rapport-consent", lang: form.language, dir: form.dir });
    host.dataset.theme = theme;
    host.style.setProperty("--accent-light", form.colours.light);
    host.style.setProperty("--accent-dark", form.colours.dark);
    host.style.setProperty("--on-accent-light", form.colours.on_light);
    host.style.setProperty("--on-accent-dark", form.colours.on_dark);
    root = host.attachShadow({ mode: "open" });
    const sheet = make("link", { rel: "stylesheet", href: `${origin}/consent/banner.css` });
    host.hidden = true; // until it has its looks
    sheet.addEventListener("load", () => (host.hidden = false));
    sheet.addEventListener("error", () => (host.hidden = false));
    status = make("p", { role: "status", class: "unseen" });
    opener = make("button", { type: "button", class: "opener", onclick: openChoices },
      form.texts.button, gpc && make("span", { class: "honoured" }, form.texts.gpc_short));
    opener.hidden = ownButton === "none";
    root.append(sheet, status);
    if (isDue()) root.append((banner = makeBanner()));
    root.append(opener);
    // before everything else, so that who goes by keyboard meets it first
    document.body.prepend(host);
    banner?.showModal?.();
    document.addEventListener("click", (event) => {
      if (event.target.closest?.("[data-privacy-choices]")) openChoices(event);
    });
    if (isPreview && script.dataset.open === "choices") openChoices();
  }

  const note = () =>
    gpc && make("p", { class: "gpc" }, make("span", { "aria-hidden": "true" }, "✓"),
      make("span", {}, form.texts.gpc));

  const more = () =>
    form.privacy_url &&
    make("a", { href: form.privacy_url, rel: "noopener" }, form.texts.privacy);

  /** No and yes alike: one class, one size, side by side. */
  const both = () => [
    make("button", { type: "button", class: "answer", onclick: () => choose(all(false)) },
      form.texts.reject),
    make("button", { type: "button", class: "answer", onclick: () => choose(all(true)) },
      form.texts.accept),
  ];

  function makeBanner() {
    const isModal = form.place === "center";
    return make(isModal ? "dialog" : "section",
      { class: `banner is-${form.place}`, "aria-labelledby": "banner-title" },
      make("h2", { id: "banner-title" }, form.texts.title),
      make("p", {}, form.texts.text),
      note(),
      make("div", { class: "answers" }, ...both()),
      make("div", { class: "others" },
        make("button", { type: "button", class: "quiet", onclick: openChoices }, form.texts.choose),
        more()));
  }

  function makeChoices() {
    const boxes = form.purposes.map(({ slug, title, text }, number) => {
      const isFixed = gpc && slug === SHARING;
      const box = make("input", {
        type: "checkbox", role: "switch", id: `purpose-${number}`, name: slug,
        disabled: isFixed, "aria-describedby": text ? `purpose-${number}-text` : null,
      });
      box.checked = allows(slug);
      return make("li", {},
        make("div", {},
          make("label", { for: box.id }, title),
          text && make("p", { id: `purpose-${number}-text` }, text)),
        box);
    });
    const save = () => {
      const chosen = boxes.map((line) => line.querySelector("input"));
      choose(Object.fromEntries(chosen.map((box) => [box.name, box.checked])));
    };
    const made = make("dialog", { class: "choices", "aria-labelledby": "choices-title" },
      make("div", { class: "head" },
        make("h2", { id: "choices-title", tabindex: "-1" }, form.texts.choices),
        make("button", { type: "button", class: "close", "aria-label": form.texts.close,
          onclick: () => made.close() }, "×")),
      make("p", {}, form.texts.needed),
      note(),
      make("ul", {}, ...boxes),
      make("div", { class: "answers" }, ...both()),
      make("div", { class: "others" },
        make("button", { type: "button", class: "answer is-save", onclick: save }, form.texts.save),
        more()));
    made.addEventListener("close", () => {
      made.remove();
      dialog = null;
      (from?.isConnected ? from : opener).focus();
    });
    return made;
  }

  function openChoices(event) {
    event?.preventDefault?.();
    if (!form || dialog) return;
    from = root.activeElement ?? document.activeElement;
    status.textContent = "";
    root.append((dialog = makeChoices()));
    dialog.showModal();
    root.getElementById("choices-title").focus();
  }

  function hideAll(words) {
    const wasInside = banner?.contains(root.activeElement);
    banner?.close?.();
    banner?.remove();
    banner = null;
    dialog?.close();
    if (wasInside) opener.focus();
    status.textContent = words;
  }

  const ready = load();
  window.rapportConsent = {
    allows, anonymousId, consent, stamp, gpc, ready, open: openChoices, asks: () => form !== null,
    onChange: (listener) => listeners.push(listener),
  };
})();
