// How a clause reads and is changed: a sentence whose words are buttons. What it is made of is data that each kind of
// condition gives (segments/rules/clause.py); no kind is known here.
import { el, icon } from "./dom.js";
import { pickFields, pickFrom } from "./picker.js";

// ui: {words, ask(what, query), changed(), nameOf(value), names, readonly}
export function sentenceOf(node, ui, host) {
  const kind = ui.words.kinds[node.kind];
  return kind ? draw(kind.parts, { node, ui, host }) : [el("code", {}, JSON.stringify(node))];
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

// Values that nobody chose yet: an empty one that was chosen, or saved, is a value.
const unsaid = new WeakSet();

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

const asUnsaid = (node) => { if (node.value === "") unsaid.add(node); return node; };

// A deep copy that knows what nobody chose yet. each(old, copy): of every object in it.
export function copyOf(node, each = () => {}) {
  if (Array.isArray(node)) return node.map((one) => copyOf(one, each));
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, copyOf(value, each)]));
  if (unsaid.has(node)) unsaid.add(copy);
  each(node, copy);
  return copy;
}
const widgetOf = (op, words) => words.operators[op]?.widget;

function startValue(op, before, words) {
  const widget = widgetOf(op, words);
  if (widget === "duration") return { days: 30 };
  if (widget === "range") return [0, 100];
  if (widget === "number") return typeof before === "number" ? before : 1;
  if (widget === "moment") return words.today;
  if (widget === "several") return Array.isArray(before) && typeof before[0] !== "object" ? before : before === "" || before === undefined || typeof before === "object" ? [] : [before];
  const one = Array.isArray(before) ? before[0] : before;
  return typeof one === "object" || one === undefined ? "" : widget === "one" ? one : String(one);
}

function setOperator(node, op, words) {
  node.op = op;
  if (widgetOf(op, words) === "none") { delete node.value; return; }
  const chosen = node.value === "" && !unsaid.has(node);
  node.value = startValue(op, node.value, words);
  if (!chosen) asUnsaid(node);
}

// The operator and its operand. `load` lists known values; `ways` the operators for what such values look like.
function comparison(node, ui, host, { type = "json", load = null, ways = null, name = "" }) {
  const { words } = ui;
  const every = () => options(Object.fromEntries(words.operatorsOf[type].map((op) => [op, words.operators[op].words])));
  const parts = [word(ui, words.operators[node.op]?.words || node.op, { name: `${name}op`, kind: "is-op", act: (button) => pickFrom({
    button, host, words, load: ways || every,
    choose: ({ value }) => { setOperator(node, value, words); ui.changed(); } }) })];
  if (widgetOf(node.op, words) !== "none") parts.push(" ", ...operand(node, ui, host, { type, load, name }));
  return parts;
}

function operand(node, ui, host, given) {
  const widget = widgetOf(node.op, ui.words);
  const set = (value) => { node.value = value; ui.changed(); };
  const at = `${given.name}value`;
  const asks = { duration: askDuration, range: askRange, number: askNumber, moment: askMoment, several: askSeveral };
  return (asks[widget] || askOne)(node, ui, host, { ...given, at, set, widget });
}

function askDuration(node, ui, host, { at, set }) {
  const { words } = ui;
  const [unit, amount] = Object.entries(node.value || { days: 30 })[0];
  return [word(ui, `${amount} ${words.units[unit]}`, { name: at, kind: "is-n", act: (button) => pickFields({ button, host, words,
    fields: [{ name: "amount", label: words.amount, value: amount, min: 0, step: 1 }, { name: "unit", label: words.unit, value: unit, options: words.units }],
    choose: (given) => set({ [given.unit]: given.amount }) }) })];
}

function askRange(node, ui, host, { type, at, set }) {
  const { words } = ui;
  const [low, high] = node.value || [0, 0];
  const isDay = type === "time" || typeof low === "string";
  const field = (name, label, value) => (isDay ? dayField(name, label, value) : { name, label, value, type: "number" });
  const ask = (button) => pickFields({ button, host, words, fields: [field("low", words.from, low), field("high", words.to, high)],
    choose: (given) => set([given.low, given.high]) });
  return [word(ui, whenWords(low, words), { name: at, kind: "is-n", act: ask }), ` ${words.two} `, word(ui, whenWords(high, words), { name: `${at}2`, kind: "is-n", act: ask })];
}

function askFields(node, ui, host, at, field, set) {
  return [word(ui, whenWords(node.value, ui.words), { name: at, kind: "is-n", act: (button) => pickFields({ button, host, words: ui.words, fields: [field],
    choose: ({ value }) => set(value) }) })];
}

function askNumber(node, ui, host, { at, set }) {
  return askFields(node, ui, host, at, { name: "value", label: ui.words.operators[node.op].words, value: node.value, type: "number" }, set);
}

function askMoment(node, ui, host, { at, set }) {
  return askFields(node, ui, host, at, dayField("value", ui.words.operators[node.op].words, node.value), set);
}

const listed = (ui, host, { type, load }) => ({ host, words: ui.words, load: load || (() => ({ items: [], of: "" })), free: freeValues(ui.words, type) });

function askOne(node, ui, host, given) {
  const { words } = ui;
  const shown = node.value === "" ? (unsaid.has(node) ? "" : words.empty ?? "") : typeof node.value === "boolean" ? words[String(node.value)] : node.value;
  const typed = given.widget === "one"; // 5 and true are values too, where nothing but a text is asked
  return [word(ui, shown, { name: given.at, kind: "is-v", empty: node.value === "",
    act: (button) => pickFrom({ ...listed(ui, host, given), button, choose: ({ value }) => { unsaid.delete(node); given.set(typed ? value : String(value)); } }) })];
}

function askSeveral(node, ui, host, given) {
  const { words } = ui;
  const { at } = given;
  const chosen = Array.isArray(node.value) ? node.value : (node.value = []);
  const ask = (button) => pickFrom({ ...listed(ui, host, given), button, chosen, choose: () => ui.changed({ keep: true, button }) });
  if (!chosen.length) return [word(ui, "", { name: at, kind: "is-v", empty: true, act: ask })];
  const shown = chosen.slice(0, 3).flatMap((value, index) => [word(ui, value === "" ? words.empty ?? "" : value, { name: index ? `${at}${index}` : at, kind: "is-v", empty: value === "", act: ask }), " "]);
  if (chosen.length > 3) shown.push(word(ui, `+ ${chosen.length - 3}`, { name: `${at}more`, kind: "is-v", act: ask }));
  return shown;
}

// --- parts ----------------------------------------------------------------------------------------

// `at`: {node, around, ui, host, prefix}: whose fields they are, and the condition around it.
const PARTS = { text: ({ text }) => [text], pick, choose, compare, mode, count, window: when, span, several, optional };
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const has = (node, fields) => Object.entries(fields).every(([name, value]) => same(node[name], value));
const isOut = (part, node) => [part.unless || []].flat().some((fields) => has(node, fields));

// Between parts stands a blank, but before a comma.
function draw(parts, at) {
  const drawn = [];
  for (const part of parts) {
    const words = isOut(part, at.node) ? [] : PARTS[part.part](part, at);
    if (!words.length) continue;
    if (drawn.length && !String(words[0]).startsWith(",")) drawn.push(" ");
    drawn.push(...words);
  }
  return drawn;
}

function asking(part, { node, around, ui }, more = {}) {
  const field = (name) => (name.startsWith("..") ? around?.[name.slice(2)] : node[name]) ?? "";
  const query = Object.fromEntries(Object.entries(part.ask || {}).map(([name, of]) => [name, field(of)]));
  return part.source ? () => ui.ask(part.source, { but: ui.slug, ...query, ...part.given, ...more }) : null;
}

const typeOf = (kind, field, value) => kind?.parts.find((part) => part.field === field)?.known?.[value]?.[1] || "json";

function pick(part, at) {
  const { node, ui, host, prefix = "" } = at;
  const value = node[part.field] ?? "";
  const label = part.known?.[value]?.[0] || (part.named ? ui.nameOf(value) : value);
  const free = part.free ? (text) => [{ value: text, label: text, kind: "use" }] : undefined;
  return [word(ui, label, { name: `${prefix}${part.name}`, kind: part.look, act: (button) => pickFrom({ button, host, words: ui.words, free, load: asking(part, at),
    choose: (item) => {
      if (part.named) ui.names.set(item.value, item.label);
      if (item.value !== value) {
        refit(node, part.field, item.value, ui.words, item.op);
        if (part.begins && item.op) restart(node, "json", ui.words, item.op);
      }
      node[part.field] = item.value;
      ui.changed();
    } }) })];
}

// Another name may be of another type, or its values look otherwise (`op`: what they are asked by first): the operator
// and its value begin anew where they do not fit.
function refit(node, field, value, words, op = "") {
  const kind = words.kinds[node.kind];
  if (!kind?.parts.some((part) => part.part === "compare" && part.typed_by === field)) return;
  restart(node, typeOf(kind, field, value), words, op);
}

function restart(node, type, words, op = "") {
  const held = words.operatorsOf[type].includes(node.op);
  if (op && (!held || !chosenAlready(node, words))) node.op = op;
  else if (!held) node.op = type === "time" ? "in_last" : "eq";
  if (widgetOf(node.op, words) === "none") { delete node.value; return; }
  node.value = startValue(node.op, "", words);
  asUnsaid(node);
}

// Somebody who chose a value meant its operator; and one that suits everything stays.
const chosenAlready = (node, words) => ("value" in node ? !(node.value === "" && unsaid.has(node)) : words.operators[node.op]?.always);

function choose(part, { node, ui, host, prefix = "" }) {
  return [word(ui, part.options[node[part.field] ?? ""], { name: `${prefix}${part.name}`, kind: part.look, act: (button) => pickFrom({ button, host, words: ui.words,
    load: () => options(part.options), choose: ({ value }) => { node[part.field] = value; ui.changed(); } }) })];
}

function compare(part, at) {
  const { node, ui, host, prefix = "" } = at;
  const type = part.typed_by ? typeOf(ui.words.kinds[node.kind], part.typed_by, node[part.typed_by]) : part.type;
  const ways = () => asking({ ...part, source: "operators" }, at, { type, op: node.op })();
  return comparison(node, ui, host, { type, load: asking(part, at), ways, name: `${prefix}${part.prefix}` });
}

function mode(part, { node, ui, host }) {
  const now = part.ways.findIndex((way) => way.set && has(node, way.set));
  const labels = Object.fromEntries(part.ways.map((way, index) => [index, way.label]));
  return [word(ui, labels[Math.max(now, 0)], { name: part.name, act: (button) => pickFrom({ button, host, words: ui.words, load: () => options(labels),
    choose: ({ value }) => {
      const way = part.ways[Number(value)];
      (way.drop || []).forEach((field) => delete node[field]);
      Object.assign(node, structuredClone(way.set || {}));
      ui.changed();
    } }) })];
}

function count(part, { node, ui, host }) {
  const { words } = ui;
  const now = node[part.field] || { op: "gte", value: 1 };
  const ask = (button) => pickFields({ button, host, words, fields: [
    { name: "op", label: words.amount, value: now.op, options: words.times },
    { name: "value", label: words.time, value: now.value, min: 0, step: 1 }],
  choose: (given) => { node[part.field] = { op: given.op, value: given.value }; ui.changed(); } });
  const often = words.times[now.op] ? [word(ui, words.times[now.op], { name: "often", act: ask }), " ", word(ui, now.value, { name: "count", kind: "is-n", act: ask })]
    : [word(ui, JSON.stringify(now.value), { name: "count", kind: "is-n", act: ask })];
  return [...often, ` ${now.value === 1 ? words.once : words.time}`];
}

// Who takes a part away is left at what adds it again.
function drop(ui, act, back) {
  if (ui.readonly) return [];
  return [" ", el("button", { type: "button", class: "r-icon r-inline", "data-word": `drop-${back}`, "aria-label": ui.words.remove, onclick: () => { act(); ui.changed({ focus: back }); } }, icon("x", true))];
}

function when(part, { node, ui, host }) {
  const { words } = ui;
  const given = node[part.field];
  const last = given?.last && Object.entries(given.last)[0];
  const set = (value) => { if (value) node[part.field] = value; else delete node[part.field]; ui.changed(); };
  const [unit, amount] = last || ["days", 30];
  const between = () => set({ from: daysBefore(words.today, 30), to: words.today });
  if (given && !last) {
    const { from = "", to = "" } = given;
    return [word(ui, `${words.from} ${whenWords(from, words) || "…"} ${words.to} ${whenWords(to, words) || "…"}`, { name: "window", kind: "is-n", act: (button) => pickFields({ button, host, words,
      fields: [dayField("from", words.from, from, { required: false }), dayField("to", words.to, to, { required: false })],
      ways: [[words.ever, () => set(null)], [words.inLast, () => set({ last: { days: 30 } })]],
      choose: (said) => set(said.from || said.to ? Object.fromEntries(Object.entries(said).filter(([, value]) => value)) : null) }) })];
  }
  return [...(last ? [`${words.inLast} `] : []), word(ui, last ? `${amount} ${words.units[unit]}` : words.ever, { name: "window", kind: "is-n", act: (button) => pickFields({ button, host, words,
    fields: [{ name: "amount", label: words.inLast, value: amount, min: 1, step: 1 }, { name: "unit", label: words.unit, value: unit, options: words.units }],
    ways: [[words.ever, () => set(null)], [`${words.from} … ${words.to}`, between]],
    choose: (said) => set({ last: { [said.unit]: said.amount } }) }) })];
}

function several(part, at) {
  const { node, ui, host, prefix = "" } = at;
  const list = node[part.field] || [];
  const between = part.between === undefined ? ` ${ui.words.two}` : part.between.startsWith(",") ? part.between : ` ${part.between}`;
  const drawn = list.flatMap((inner, index) => [
    `${index ? between : part.first} `, ...draw(part.parts, { node: inner, around: node, ui, host, prefix: `${prefix}${part.prefix}${index}` }),
    ...(list.length > (part.least || 0) ? drop(ui, () => list.splice(list.indexOf(inner), 1), `add-${prefix}${part.name || part.field}`) : [])]);
  return [...drawn, ...within(part, at)];
}

function optional(part, at) {
  const { node, ui, host, prefix = "" } = at;
  if (part.needs && !at.around?.[part.needs]) return [];
  const inner = node[part.field];
  if (inner === undefined) return within(part, at);
  const own = part.own ? at : { node: inner, around: node, ui, host };
  const after = draw(part.after || [], own);
  return [...draw(part.parts, own), ...drop(ui, () => delete node[part.field], `add-${prefix}${part.name || part.field}`), ...(after.length ? [" ", ...after] : [])];
}

function span(part, { node, ui, host, prefix = "" }) {
  return askDuration({ value: node[part.field] }, ui, host, { at: `${prefix}${part.name}`, set: (value) => { node[part.field] = value; ui.changed(); } });
}

// What can be added to one of several is added there; to a clause, below it (`extrasOf`).
function within(part, { node, around, ui, prefix = "" }) {
  if (!around || !part.add || ui.readonly) return [];
  return [" ", el("button", { type: "button", class: "r-link r-xs", "data-word": `add-${prefix}${part.name || part.field}`, onclick: () => addTo(node, part, ui, prefix) }, `+ ${part.add}`)];
}

// The word with which a part begins.
const firstWord = (part) => part.parts.find((one) => one.name)?.name || "";

// What can be added to a clause. Who adds one goes on with its first word.
export function extrasOf(node, ui) {
  const parts = (ui.words.kinds[node.kind]?.parts || []).filter((part) => part.add && !isOut(part, node));
  if (!parts.length || ui.readonly) return null;
  return el("p", { class: "r-sb-extra" }, parts.filter((part) => part.part === "several" || node[part.field] === undefined).map((part) =>
    el("button", { type: "button", class: "r-link r-xs", "data-word": `add-${part.name || part.field}`, onclick: () => addTo(node, part, ui) }, `+ ${part.add}`)));
}

function addTo(node, part, ui, prefix = "") {
  const fresh = structuredClone(part.start);
  if (typeof fresh === "object") asUnsaid(fresh);
  if (part.part === "several") (node[part.field] ||= []).push(fresh); else node[part.field] = fresh;
  const first = part.part === "several" ? `${part.prefix}${node[part.field].length - 1}${firstWord(part)}` : firstWord(part);
  ui.changed({ focus: `${prefix}${first}` });
}

/** A new one of the kind that was picked, and which of its words comes next. */
export function newCondition(item, words) {
  const kind = words.kinds[item.kind];
  const node = asUnsaid(JSON.parse(JSON.stringify(kind.start), (_name, value) => (value === "$value" ? item.value : value)));
  const typed = kind.parts.find((part) => part.typed_by)?.typed_by;
  if (typed) refit(node, typed, node[typed], words, item.op);
  return { node, focus: widgetOf(node.op, words) === "none" && kind.focus === "value" ? "op" : kind.focus };
}
