// How each kind of clause reads and is changed: a sentence whose words are buttons.
import { el, icon } from "./dom.js";
import { pickFields, pickFrom } from "./picker.js";

// ui: {words, ask(what, query), changed(node), slug, readonly}
export function sentenceOf(node, ui, host) {
  const write = { trait, event, segment, consent }[node.kind] || unknown;
  return write(node, ui, host);
}

function unknown(node) {
  return [el("code", {}, JSON.stringify(node))];
}

function word(ui, label, { name, kind = "", empty = false, act }) {
  const shown = label === "" || label === null || label === undefined ? ui.words.choose : String(label);
  const button = el("button", { type: "button", class: `r-tk ${kind} ${empty || label === "" ? "is-empty" : ""}`, "data-word": name,
    "aria-haspopup": "dialog", "aria-expanded": "false", disabled: ui.readonly, dir: "auto", title: shown.length > 40 ? shown : null }, shown);
  button.addEventListener("click", () => act(button));
  return button;
}

const options = (pairs) => ({ items: Object.entries(pairs).map(([value, label]) => ({ value, label })), of: "" });

// --- values ---------------------------------------------------------------------------------------

function freeValues(words, type) {
  return (text) => {
    const number = text !== "" && Number.isFinite(Number(text)) ? [{ value: Number(text), label: text, kind: "number" }] : [];
    if (type === "number") return number;
    return [...number, { value: text, label: text, kind: "use" }];
  };
}

// Days are ISO texts; `words.today` is the workspace's, not the browser's.
const daysBefore = (day, n) => new Date(Date.parse(day) - n * 864e5).toISOString().slice(0, 10);
// A day as it is, a time by the workspace's clock with its zone, as the sentence has them.
export function whenWords(value, words) {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d(T|$)/.test(value) || Number.isNaN(Date.parse(value))) return value;
  const time = value.includes("T") ? { hour: "2-digit", minute: "2-digit", timeZoneName: "short", timeZone: words.zone } : { timeZone: "UTC" };
  const moment = time.hour && !/(Z|[+-]\d\d:?\d\d)$/.test(value) ? `${value}Z` : value;
  const lang = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  return new Intl.DateTimeFormat(lang, { day: "numeric", month: "short", year: "numeric", ...time }).format(Date.parse(moment));
}
// A time is edited as it is written: a field for days would cut it.
const dayField = (name, label, value, more = {}) => ({ name, label, value, type: String(value).includes("T") ? "text" : "date", ...more });

const DURATION = ["in_last", "in_next", "anniversary_in"];
const NUMERIC = ["gt", "gte", "lt", "lte"];

function startValue(op, before, words) {
  if (DURATION.includes(op)) return { days: 30 };
  if (op === "between") return [0, 100];
  if (NUMERIC.includes(op)) return typeof before === "number" ? before : 1;
  if (op === "before" || op === "after") return words.today;
  if (words.several.includes(op)) return Array.isArray(before) && typeof before[0] !== "object" ? before : before === "" || before === undefined || typeof before === "object" ? [] : [before];
  const one = Array.isArray(before) ? before[0] : before;
  return typeof one === "object" || one === undefined ? "" : op === "eq" || op === "ne" ? one : String(one);
}

// The operator and its operand. `load` lists known values.
function comparison(node, ui, host, { type = "json", load = null, name = "" }) {
  const { words } = ui;
  const list = words.operatorsOf[type];
  const parts = [" ", word(ui, words.operators[node.op] || node.op, { name: `${name}op`, kind: "is-op", act: (button) => pickFrom({
    button, host, words, load: () => options(Object.fromEntries(list.map((op) => [op, words.operators[op]]))),
    choose: ({ value }) => {
      node.op = value;
      if (words.noValue.includes(value)) delete node.value; else node.value = startValue(value, node.value, ui.words);
      ui.changed();
    } }) })];
  if (!words.noValue.includes(node.op)) parts.push(" ", ...operand(node, ui, host, { type, load, name }));
  return parts;
}

function operand(node, ui, host, { type, load, name }) {
  const { words } = ui;
  const set = (value) => { node.value = value; ui.changed(); };
  const at = `${name}value`;
  if (DURATION.includes(node.op)) {
    const [unit, amount] = Object.entries(node.value || { days: 30 })[0];
    return [word(ui, `${amount} ${words.units[unit]}`, { name: at, kind: "is-n", act: (button) => pickFields({ button, host, words,
      fields: [{ name: "amount", label: words.amount, value: amount, min: 0, step: 1 }, { name: "unit", label: words.unit, value: unit, options: words.units }],
      choose: (given) => set({ [given.unit]: given.amount }) }) })];
  }
  if (node.op === "between") {
    const [low, high] = node.value || [0, 0];
    const isDay = type === "time" || typeof low === "string";
    const field = (at, label, value) => (isDay ? dayField(at, label, value) : { name: at, label, value, type: "number" });
    const ask = (button) => pickFields({ button, host, words, fields: [field("low", words.from, low), field("high", words.to, high)],
    choose: (given) => set([given.low, given.high]) });
    return [word(ui, whenWords(low, words), { name: at, kind: "is-n", act: ask }), ` ${words.two} `, word(ui, whenWords(high, words), { name: `${at}2`, kind: "is-n", act: ask })];
  }
  if (NUMERIC.includes(node.op) || node.op === "before" || node.op === "after") {
    return [word(ui, whenWords(node.value, words), { name: at, kind: "is-n", act: (button) => pickFields({ button, host, words,
      fields: [NUMERIC.includes(node.op) ? { name: "value", label: words.operators[node.op], value: node.value, type: "number" } : dayField("value", words.operators[node.op], node.value)], choose: ({ value }) => set(value) }) })];
  }
  const several = words.several.includes(node.op);
  const from = { host, words, load: load || (() => ({ items: [], of: "" })), free: freeValues(words, type) };
  if (!several) {
    return [word(ui, typeof node.value === "boolean" ? words[String(node.value)] : node.value, { name: at, kind: "is-v", empty: node.value === "",
      act: (button) => pickFrom({ ...from, button, choose: ({ value }) => set(["eq", "ne", "contains", "not_contains"].includes(node.op) ? value : String(value)) }) })];
  }
  const chosen = Array.isArray(node.value) ? node.value : (node.value = []);
  const ask = (button) => pickFrom({ ...from, button, chosen, choose: () => ui.changed({ keep: true, button }) });
  if (!chosen.length) return [word(ui, "", { name: at, kind: "is-v", empty: true, act: ask })];
  const shown = chosen.slice(0, 3).flatMap((value, index) => [word(ui, value, { name: index ? `${at}${index}` : at, kind: "is-v", act: ask }), " "]);
  if (chosen.length > 3) shown.push(word(ui, `+ ${chosen.length - 3}`, { name: `${at}more`, kind: "is-v", act: ask }));
  return shown;
}

// --- kinds ----------------------------------------------------------------------------------------

function trait(node, ui, host) {
  const [label, type] = ui.words.columns[node.field] || [node.field, "json"];
  return [
    word(ui, label, { name: "field", kind: "is-tr", act: (button) => pickFrom({ button, host, words: ui.words, load: () => ui.ask("traits"),
      free: (text) => [{ value: text, label: text, kind: "use" }],
      choose: ({ value }) => {
        const next = ui.words.columns[value]?.[1] || "json";
        if (!ui.words.operatorsOf[next].includes(node.op)) { node.op = next === "time" ? "in_last" : "eq"; node.value = startValue(node.op, "", ui.words); }
        else if (value !== node.field && "value" in node) node.value = startValue(node.op, "", ui.words);
        node.field = value;
        ui.changed();
      } }) }),
    ...comparison(node, ui, host, { type, load: () => ui.ask("values", { field: node.field }) }),
  ];
}

function event(node, ui, host) {
  const { words } = ui;
  const never = node.count?.op === "eq" && node.count.value === 0;
  const named = (button) => pickFrom({ button, host, words, load: () => ui.ask("events"), free: (text) => [{ value: text, label: text, kind: "use" }],
    choose: ({ value }) => { node.name = value; ui.changed(); } });
  const parts = [
    word(ui, never ? words.didNot : words.did, { name: "did", act: (button) => pickFrom({ button, host, words,
      load: () => options({ did: words.did, not: words.didNot }),
      choose: ({ value }) => {
        if (value === "not") { node.count = { op: "eq", value: 0 }; delete node.measure; delete node.not_since; } else delete node.count;
        ui.changed();
      } }) }), " ",
    word(ui, node.name, { name: "name", kind: "is-ev", act: named }), " ",
  ];
  if (!never) {
    const count = node.count || { op: "gte", value: 1 };
    const ask = (button) => pickFields({ button, host, words, fields: [
      { name: "op", label: words.amount, value: count.op, options: words.times },
      { name: "value", label: words.time, value: count.value, min: 0, step: 1 }],
    choose: (given) => { node.count = { op: given.op, value: given.value }; ui.changed(); } });
    const times = words.times[count.op] ? [word(ui, words.times[count.op], { name: "often", act: ask }), " ", word(ui, count.value, { name: "count", kind: "is-n", act: ask })]
      : [word(ui, JSON.stringify(count.value), { name: "count", kind: "is-n", act: ask })];
    parts.push(...times, ` ${count.value === 1 ? words.once : words.time} `);
  }
  parts.push(...windowWords(node, ui, host));
  (node.where || []).forEach((test, index) => parts.push(index ? ` ${words.two} ` : `, ${words.where} `, ...propertyTest(test, node.where, node, ui, host, `w${index}`)));
  if (node.measure) parts.push(...measure(node, ui, host));
  if (node.not_since) {
    parts.push(`, ${words.since} `, word(ui, node.not_since.name, { name: "since", kind: "is-ev", act: (button) => pickFrom({ button, host, words, load: () => ui.ask("events"),
      free: (text) => [{ value: text, label: text, kind: "use" }], choose: ({ value }) => { node.not_since.name = value; ui.changed(); } }) }), ` ${words.sinceEnd} `, drop(ui, () => delete node.not_since));
    (node.not_since.where || []).forEach((test, index) => parts.push(index ? ` ${words.two} ` : ` ${words.where} `, ...propertyTest(test, node.not_since.where, { name: node.not_since.name }, ui, host, `s${index}`)));
  }
  return parts;
}

function drop(ui, act) {
  if (ui.readonly) return null;
  return el("button", { type: "button", class: "r-icon r-inline", "aria-label": ui.words.remove, onclick: () => { act(); ui.changed(); } }, icon("x", true));
}

function windowWords(node, ui, host) {
  const { words } = ui;
  const last = node.window?.last && Object.entries(node.window.last)[0];
  const set = (value) => { if (value) node.window = value; else delete node.window; ui.changed(); };
  const [unit, amount] = last || ["days", 30];
  const between = () => set({ from: daysBefore(words.today, 30), to: words.today });
  if (node.window && !last) {
    const { from = "", to = "" } = node.window;
    return [word(ui, `${words.from} ${whenWords(from, words) || "…"} ${words.to} ${whenWords(to, words) || "…"}`, { name: "window", kind: "is-n", act: (button) => pickFields({ button, host, words,
      fields: [dayField("from", words.from, from, { required: false }), dayField("to", words.to, to, { required: false })],
      ways: [[words.ever, () => set(null)], [words.inLast, () => set({ last: { days: 30 } })]],
      choose: (given) => set(given.from || given.to ? Object.fromEntries(Object.entries(given).filter(([, value]) => value)) : null) }) })];
  }
  return [last ? `${words.inLast} ` : "", word(ui, last ? `${amount} ${words.units[unit]}` : words.ever, { name: "window", kind: "is-n", act: (button) => pickFields({ button, host, words,
    fields: [{ name: "amount", label: words.inLast, value: amount, min: 1, step: 1 }, { name: "unit", label: words.unit, value: unit, options: words.units }],
    ways: [[words.ever, () => set(null)], [`${words.from} … ${words.to}`, between]],
    choose: (given) => set({ last: { [given.unit]: given.amount } }) }) })];
}

function propertyTest(test, list, owner, ui, host, name) {
  return [
    word(ui, test.property, { name: `${name}p`, act: (button) => pickFrom({ button, host, words: ui.words, load: () => ui.ask("properties", { event: owner.name }),
      free: (text) => [{ value: text, label: text, kind: "use" }], choose: ({ value }) => { test.property = value; ui.changed(); } }) }),
    ...comparison(test, ui, host, { name, load: () => ui.ask("property-values", { event: owner.name, property: test.property }) }), " ",
    drop(ui, () => list.splice(list.indexOf(test), 1)),
  ];
}

function measure(node, ui, host) {
  const { words } = ui;
  const own = node.measure;
  return [`, ${words.with} `,
    word(ui, words.aggregates[own.agg], { name: "agg", act: (button) => pickFrom({ button, host, words, load: () => options(words.aggregates), choose: ({ value }) => { own.agg = value; ui.changed(); } }) }), " ",
    word(ui, own.property, { name: "mp", act: (button) => pickFrom({ button, host, words, load: () => ui.ask("properties", { event: node.name }),
      free: (text) => [{ value: text, label: text, kind: "use" }], choose: ({ value }) => { own.property = value; ui.changed(); } }) }),
    ...comparison(own, ui, host, { type: "number", name: "m" }), " ", drop(ui, () => delete node.measure)];
}

function segment(node, ui, host) {
  return [`${ui.words.inSegment} `, word(ui, ui.nameOf(node.slug), { name: "slug", kind: "is-tr", act: (button) => pickFrom({ button, host, words: ui.words,
    load: () => ui.ask("segments", { but: ui.slug }), choose: ({ value, label }) => { node.slug = value; ui.names.set(value, label); ui.changed(); } }) })];
}

function consent(node, ui, host) {
  const { words } = ui;
  const ask = (what, field) => (button) => pickFrom({ button, host, words, load: () => ui.ask(what), choose: ({ value }) => { node[field] = value; ui.changed(); } });
  return [
    word(ui, words.statuses[node.status], { name: "status", act: (button) => pickFrom({ button, host, words, load: () => options(words.statuses), choose: ({ value }) => { node.status = value; ui.changed(); } }) }), " ",
    word(ui, node.purpose, { name: "purpose", kind: "is-tr", act: ask("purposes", "purpose") }), ` ${words.by} `,
    word(ui, node.channel, { name: "channel", kind: "is-v", act: ask("channels", "channel") }),
  ];
}

// What can be added to an event's clause.
export function extrasOf(node, ui) {
  if (node.kind !== "event" || ui.readonly) return null;
  const never = node.count?.op === "eq" && node.count.value === 0;
  const add = (label, name, act) => el("button", { type: "button", class: "r-link r-xs", "data-word": name, onclick: () => { act(); ui.changed(); } }, `+ ${label}`);
  return el("p", { class: "r-sb-extra" },
    add(ui.words.addWhere, "add-where", () => { (node.where ||= []).push({ property: "", op: "eq", value: "" }); }),
    !never && !node.measure && add(ui.words.addMeasure, "add-measure", () => { node.measure = { agg: "sum", property: "revenue", op: "gt", value: 100 }; }),
    !never && !node.not_since && add(ui.words.addSince, "add-since", () => { node.not_since = { name: "" }; }));
}

export function newCondition(item) {
  if (item.kind === "event") return { kind: "event", name: item.value, window: { last: { days: 30 } } };
  if (item.kind === "segment") return { kind: "segment", slug: item.value };
  if (item.kind === "consent") return { kind: "consent", purpose: "marketing", channel: "email", status: "granted" };
  const isTime = item.value === "profile.first_seen" || item.value === "profile.last_seen";
  return isTime ? { kind: "trait", field: item.value, op: "in_last", value: { days: 30 } } : { kind: "trait", field: item.value, op: "eq", value: "" };
}
