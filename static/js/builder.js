// The segment builder: draws the rule as sentences, keeps the live rail fed, saves.
import { copyOf, extrasOf, newCondition, sentenceOf } from "./builder/clauses.js";
import { el, grouped, icon, post } from "./builder/dom.js";
import { dropBefore, fromRule, home, isGroup, move, remove, toRule } from "./builder/model.js";
import { closePicker, pickFrom } from "./builder/picker.js";
import { undoing } from "./builder/undo.js";

const setup = JSON.parse(document.getElementById("builder-setup").textContent);
const { words } = setup;
const $ = (id) => document.getElementById(id);
const root = $("builder");
const nameField = $("segment-name");
const named = Object.keys(words.kinds).filter((kind) => words.kinds[kind].free).reverse(); // of what may be typed: a trait before an event
const keys = new WeakMap();
let nextKey = 1;
let model = fromRule(setup.rule);
let saved = JSON.stringify(toRule(model).rule);
let savedName = setup.name;
let problems = [];
let counts = new Map();
let total = null;
let effect = null;
let carried = null;
let leaving = false;

const keyOf = (node) => keys.get(node) || (keys.set(node, `n${nextKey++}`), keys.get(node));
const ui = {
  words, slug: setup.slug, readonly: setup.readonly, names: new Map(),
  nameOf: (slug) => (slug ? ui.names.get(slug) || slug : ""),
  ask: async (what, query = {}) => {
    const answer = await fetch(`${setup.pick}?${new URLSearchParams({ what, ...query })}`);
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  },
  // `focus`: the word of the same clause to go on with
  changed: ({ keep = false, focus = "" } = {}) => {
    const held = focus && heldFocus();
    if (keep) later(false); else { draw(held ? { key: held.key, word: focus } : null); later(); }
  },
};

// --- drawing ----------------------------------------------------------------------------------------

function draw(focus = null) {
  const held = focus || heldFocus();
  closePicker();
  root.replaceChildren(
    card(model.include, { id: "inc", title: words.whoIsIn, text: words.ofThese, matches: ["all", "any"] }),
    card(model.leaveOut, { id: "out", title: words.leaveOut, text: words.ofLeft, matches: ["all", "any"], out: true }));
  paint();
  if (held) (root.querySelector(`[data-key="${held.key}"] [data-word="${held.word}"]`) || root.querySelector(`[data-key="${held.key}"] [data-word]`))?.focus();
}

function heldFocus() {
  const here = document.activeElement?.closest?.("[data-word]");
  const row = here?.closest("[data-key]");
  return row ? { key: row.dataset.key, word: here.dataset.word } : null;
}

function card(group, { id, title, text, matches, out = false }) {
  return el("section", { class: `r-card r-rule-c${out ? " is-out" : ""}`, "aria-labelledby": id, "data-key": keyOf(group) },
    el("header", {}, el("h2", { id }, title), join(group, matches), el("span", { class: "r-sm" }, text), el("span", { class: "r-push r-n r-sm r-sub", "data-total": out ? "out" : "in" })),
    rows(group), adder(group, true, out));
}

function rows(group) {
  return el("ul", { class: "r-cls" }, group.conditions.map((node) => (isGroup(node) ? groupRow(node) : clauseRow(node))));
}

function join(group, matches) {
  return el("span", { class: "r-join", role: "group", "aria-label": words.combine }, matches.map((match) =>
    el("button", { type: "button", "data-word": `match-${match}`, "aria-pressed": String(group.match === match), disabled: setup.readonly,
      onclick: () => { group.match = match; ui.changed(); } }, words[match])));
}

function grip(node, label) {
  const button = el("button", { class: "r-cl-g", type: "button", "data-word": "grip", "aria-label": label, title: "Alt + ↑ ↓ ← →", draggable: "true", disabled: setup.readonly }, icon("drag"));
  button.addEventListener("dragstart", (event) => { carried = node; event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", ""); });
  button.addEventListener("dragend", () => { carried = null; });
  return button;
}

function dropping(row, node) {
  row.addEventListener("dragover", (event) => { if (carried) { event.preventDefault(); event.stopPropagation(); row.classList.add("is-drop"); } });
  row.addEventListener("dragleave", () => row.classList.remove("is-drop"));
  row.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    row.classList.remove("is-drop");
    if (carried && dropBefore(model, carried, node)) ui.changed();
  });
  return row;
}

function away(node, label) {
  if (setup.readonly) return el("span");
  return el("button", { class: "r-icon", type: "button", "data-word": "away", "aria-label": label, onclick: () => takeAway(node) }, icon("x", true));
}

function takeAway(node) {
  const list = home(model, node).conditions;
  const next = list[list.indexOf(node) + 1] || list[list.indexOf(node) - 1];
  const parent = home(model, node);
  remove(model, node);
  draw(next ? { key: keyOf(next), word: "grip" } : { key: keyOf(parent), word: "add" });
  later();
}

function number(inside = false) {
  return el(inside ? "span" : "div", { class: `r-cl-n${inside ? " r-push r-cl-n-in" : ""}`, "data-count": "" });
}

function clauseRow(node) {
  const said = el("p");
  const body = el("div", { class: "r-cl-s" }, said, extrasOf(node, ui), el("div", { "data-unknown": "" }), el("div", { "data-note": "" }), el("div", { "data-errors": "", role: "alert" }));
  said.append(...sentenceOf(node, ui, body).filter((part) => part !== null && part !== false));
  return dropping(el("li", { class: "r-cl", "data-key": keyOf(node) }, grip(node, words.move), body, number(), away(node, words.remove)), node);
}

function groupRow(node) {
  const row = el("li", { class: "r-grp", "data-key": keyOf(node) },
    el("div", { class: "r-grp-h" }, grip(node, words.moveGroup), join(node, ["all", "any", "none"]), el("span", { class: "r-sm" }, words.ofThese), number(true), away(node, words.removeGroup)),
    el("div", { "data-errors": "", role: "alert" }), rows(node), adder(node));
  return dropping(row, node);
}

function adder(group, isRoot = false, out = false) {
  const host = el("div", { class: "r-add" });
  if (setup.readonly) return host;
  const add = el("button", { type: "button", class: "r-link r-sm", "data-word": "add", "aria-haspopup": "dialog", "aria-expanded": "false" }, icon("plus", true), words.clause);
  add.addEventListener("click", () => pickFrom({ button: add, host: host.parentElement.querySelector(":scope > .r-adding"), words, load: async () => {
    const found = await ui.ask("all");
    found.items.filter((item) => words.kinds[item.kind]?.parts.some((part) => part.named)).forEach((item) => ui.names.set(item.value, item.label));
    return found;
  }, free: (text) => named.map((kind) => ({ value: text, label: text, kind })),
  choose: (item) => {
    const { node, focus } = newCondition(item, words);
    group.conditions.push(node);
    delete group.fresh;
    draw({ key: keyOf(node), word: focus });
    later();
  } }));
  host.append(add);
  host.append(el("button", { type: "button", class: "r-link r-sm", "data-word": "add-group", onclick: () => {
    const node = { match: group.match === "any" ? "all" : "any", conditions: [], fresh: true };
    group.conditions.push(node);
    draw({ key: keyOf(node), word: "add" });
    later();
  } }, icon("plus", true), words.group));
  if (isRoot && !out) host.append(el("span", { class: "r-push r-xs r-sub" }, el("span", { class: "r-kbd" }, "Alt"), " ", el("span", { class: "r-kbd" }, "→"), ` ${words.indents}, `, el("span", { class: "r-kbd" }, "Alt"), " ", el("span", { class: "r-kbd" }, "↑"), ` ${words.moves}, `, el("span", { class: "r-kbd" }, "Ctrl"), " ", el("span", { class: "r-kbd" }, "C"), ` ${words.copies}, `, el("span", { class: "r-kbd" }, "Ctrl"), " ", el("span", { class: "r-kbd" }, "Z"), ` ${words.undoes}`));
  const wrap = el("div", {}, el("div", { class: "r-adding r-sb-adding" }), host);
  return wrap;
}

root.addEventListener("keydown", (event) => {
  const way = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" }[event.key];
  const row = event.target.closest?.("li[data-key]");
  if (!way || !event.altKey || !row || setup.readonly) return;
  event.preventDefault();
  const node = nodeOf(row.dataset.key);
  const held = heldFocus();
  if (node && move(model, node, way)) {
    draw(held && held.key === keyOf(node) ? held : { key: keyOf(node), word: "grip" });
    later();
    say(words.moved);
  }
});

function nodeOf(key) {
  const seek = (group) => {
    for (const node of group.conditions) {
      if (keyOf(node) === key) return node;
      const found = isGroup(node) && seek(node);
      if (found) return found;
    }
    return null;
  };
  return seek(model.include) || seek(model.leaveOut);
}

// --- undo, copy and paste -----------------------------------------------------------------------------

const say = (text) => { $("builder-said").textContent = text; };
const steps = undoing(model, {
  copy: (whole) => copyOf(whole, (node, copy) => keys.set(copy, keyOf(node))),
  show: (whole) => { model = whole; problems = []; draw(); later(); },
});

function paintSteps() {
  for (const [name, can] of [["undo", steps.canUndo], ["redo", steps.canRedo]]) {
    const button = $(name);
    if (button && button.disabled === can) button.disabled = !can;
  }
}

const step = (name) => { if (steps[name]()) say(words[name]); };
$("undo")?.addEventListener("click", () => step("undo"));
$("redo")?.addEventListener("click", () => step("redo"));
const isField = (target) => target.closest?.("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (setup.readonly || event.altKey || !(event.ctrlKey || event.metaKey) || isField(event.target)) return;
  const key = event.key.toLowerCase();
  const name = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : "";
  if (!name) return;
  event.preventDefault();
  step(name);
});

// A rule of before: what saving it would do is seen as of any other change, and it is taken back as one.
document.addEventListener("click", async (event) => {
  const held = event.target.closest?.("button[data-rule]");
  if (!held) return;
  const rule = JSON.parse($(held.dataset.rule).textContent);
  await learnNames(rule);
  model = fromRule(rule);
  problems = [];
  draw();
  later();
  root.scrollIntoView({ block: "nearest" });
  say(words.broughtBack);
});

const heldNode = () => { const row = document.activeElement?.closest?.("li[data-key]"); return row && root.contains(row) ? nodeOf(row.dataset.key) : null; };

function copyHeld(event) {
  const node = isField(event.target) || String(window.getSelection()) ? null : heldNode();
  if (!node) return null;
  event.clipboardData.setData("text/plain", JSON.stringify(plain(node), null, 2));
  event.preventDefault();
  return node;
}

document.addEventListener("copy", (event) => { if (copyHeld(event)) say(words.copied); });
document.addEventListener("cut", (event) => {
  const node = setup.readonly ? null : copyHeld(event);
  if (node) { takeAway(node); say(words.cut); }
});
document.addEventListener("paste", async (event) => {
  if (setup.readonly || isField(event.target) || root.hidden) return;
  const given = readClauses(event.clipboardData.getData("text/plain"));
  if (!given) return say(words.notAClause);
  event.preventDefault();
  const after = heldNode();
  const list = after ? home(model, after).conditions : model.include.conditions;
  list.splice(after ? list.indexOf(after) + 1 : list.length, 0, ...given);
  await learnNames(given);
  draw({ key: keyOf(given[0]), word: "grip" });
  later();
  say(words.pasted);
});

// A clause, a group, or a whole rule: of one that asks for all, its clauses.
function readClauses(text) {
  let found = null;
  try { found = JSON.parse(text); } catch { return null; }
  const known = (node) => node && typeof node === "object" && (isGroup(node) ? node.conditions.every(known) : words.kinds[node.kind]);
  if (!known(found)) return null;
  const list = isGroup(found) && found.match === "all" ? found.conditions : [found];
  return list.length ? list : null;
}

// --- numbers and problems beside the clauses ----------------------------------------------------------

function paint() {
  const starts = $("starts");
  if (starts) starts.hidden = model.include.conditions.length + model.leaveOut.conditions.length > 0;
  const { places } = toRule(model);
  for (const [node, path] of places) {
    const row = root.querySelector(`[data-key="${keyOf(node)}"]`);
    if (!row) continue;
    paintErrors(row, path, isGroup(node));
    paintCount(row, counts.get(path));
  }
  const start = root.querySelector('[data-total="in"]');
  if (start) start.textContent = total === null ? "" : `${words.start}: ${grouped(total)} ${words.people}`;
  paintLeft(places);
}

function paintLeft(places) {
  const out = root.querySelector('[data-total="out"]');
  if (!out) return;
  const left = [model.leaveOut, ...model.leaveOut.conditions].map((node) => counts.get(places.get(node))).filter(Boolean);
  const sum = model.leaveOut.match === "all" ? left[0]?.leave : left.reduce((all, line) => all + line.leave, 0);
  out.textContent = left.length ? `${grouped(sum || 0)} ${words.leave}` : "";
}

function paintErrors(row, path, group) {
  const mine = problems.filter((problem) => problem.path === path || (!group && problem.path.startsWith(`${path}.`)));
  row.classList.toggle("is-bad", mine.length > 0);
  const host = row.querySelector(":scope > .r-cl-s > [data-errors], :scope > [data-errors]");
  host?.replaceChildren(...mine.map((problem) => el("p", { class: "r-form-e" }, icon("alert", true), el("span", {}, problem.message))));
}

function paintCount(row, line) {
  const host = row.querySelector(":scope > [data-count], :scope > .r-grp-h > [data-count]");
  if (!host) return;
  if (!line || !total) return host.replaceChildren();
  const bar = el("i");
  bar.style.width = `${Math.round((100 * line.remain) / total)}%`;
  host.replaceChildren(el("b", { class: "r-n" }, grouped(line.remain)), el("span", { class: "r-meter", "aria-hidden": "true" }, bar),
    el("span", { class: "r-xs r-sub" }, line.alone ? words.alone : `${grouped(line.leave)} ${words.leave}`));
  const unknown = row.querySelector(":scope > .r-cl-s > [data-unknown]");
  const doubts = [[line.unknown, words.unknown], [line.unfit, words.unfit]].filter(([n]) => n);
  unknown?.replaceChildren(...doubts.map(([n, text]) => el("p", { class: "r-xs r-unk" }, icon("q", true), `${text}: ${grouped(n)}`)));
  const note = row.querySelector(":scope > .r-cl-s > [data-note]");
  note?.replaceChildren(...(line.note ? [el("p", { class: "r-xs r-unk" }, icon("shield", true), line.note)] : []));
}

// --- the live rail ------------------------------------------------------------------------------------

let waiting = null;
function later(redraw = true) {
  effect = null;
  steps.note(model, { typing: document.activeElement === $("json-text") });
  paintSteps();
  paintSave();
  clearTimeout(waiting);
  waiting = setTimeout(ask, 350);
  if (redraw && !$("json-view").hidden && document.activeElement !== $("json-text")) writeJson();
}

function ask() {
  $("live-rule").value = JSON.stringify(cleaned());
  $("live-form").dispatchEvent(new CustomEvent("rule-changed"));
}

const plain = (node) => JSON.parse(JSON.stringify(node, (name, value) => (name === "fresh" ? undefined : value)));
const cleaned = () => plain(toRule(model).rule);

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.id !== "effect") return;
  const wrong = $("live-problems");
  problems = wrong ? JSON.parse(wrong.textContent) : [];
  const state = $("live-state");
  effect = state ? JSON.parse(state.textContent) : null;
  if (effect) {
    $("sentence-who").hidden = effect.alone;
    $("sentence").textContent = effect.kept;
    $("sentence-out").hidden = !effect.out;
    $("sentence-out").querySelector("b").textContent = effect.out;
    $("live-count").value = effect.count;
    askClauses();
    document.body.dispatchEvent(new CustomEvent("counted"));
  } else counts = new Map();
  paint();
  paintSave();
  writeErrors();
});

async function askClauses() {
  const rule = $("live-rule").value;
  const answer = await post(document.getElementById("clauses-url").dataset.url, new URLSearchParams({ rule, slug: setup.slug }));
  if (!answer.ok || rule !== $("live-rule").value) return;
  const found = await answer.json();
  total = found.total;
  counts = new Map(found.clauses.map((line) => [line.path, line]));
  paint();
}

document.addEventListener("click", (event) => { if (event.target.closest?.("[data-again]")) ask(); });

// --- saving -------------------------------------------------------------------------------------------

const isDirty = () => JSON.stringify(cleaned()) !== saved || nameField.value !== savedName;

function paintSave() {
  const dirty = isDirty();
  $("unsaved").hidden = !dirty;
  $("discard").hidden = !dirty;
  const button = $("save");
  if (!button) return;
  button.disabled = setup.slug ? !dirty : false;
  const moves = effect && setup.slug && dirty ? `: ${words.adds} ${grouped(effect.adds)}, ${words.drops} ${grouped(effect.drops)}` : "";
  button.textContent = (setup.slug ? words.save : words.saveNew) + moves;
}

async function save() {
  const button = $("save");
  button.disabled = true;
  let answer = null;
  let said = {};
  try {
    const body = { name: nameField.value, rule: cleaned(), revision: setup.revision };
    answer = await post(setup.save, JSON.stringify(body), "application/json");
    said = await answer.json();
  } catch { /* told below */ }
  if (answer?.ok && said.url) {
    saved = JSON.stringify(cleaned());
    savedName = nameField.value;
    window.location.assign(said.url);
    return;
  }
  button.disabled = false;
  if (said.stale) return tellStale(said.stale);
  problems = said.errors || [{ path: "", message: answer?.status === 401 ? words.out : words.failed }];
  const own = problems.filter((problem) => ["name", "slug", ""].includes(problem.path));
  $("name-error").hidden = !own.length;
  $("name-error").textContent = own.map((problem) => problem.message).join(" ");
  nameField.classList.toggle("is-bad", own.length > 0);
  paint();
  writeErrors();
  if (own.length) nameField.focus();
  else root.querySelector(".is-bad [data-word]")?.focus();
}

// Somebody else saved meanwhile: their segment in words, and two ways on.
function tellStale({ revision, said, name, kept, alone, left_out: leftOut }) {
  $("stale-said").textContent = said;
  $("stale-name").textContent = name;
  $("stale-who").hidden = alone;
  $("stale-kept").textContent = kept;
  $("stale-out").hidden = !leftOut;
  $("stale-out").querySelector("b").textContent = leftOut;
  $("stale-mine").onclick = () => { setup.revision = revision; $("stale").hidden = true; save(); };
  $("stale-theirs").onclick = () => { leaving = true; window.location.reload(); };
  $("stale").hidden = false;
  $("stale").focus();
}

$("save")?.addEventListener("click", save);
nameField.addEventListener("input", () => { $("name-error").hidden = true; nameField.classList.remove("is-bad"); paintSave(); });
nameField.addEventListener("keydown", (event) => { if (event.key === "Enter") save(); });
$("discard").addEventListener("click", () => {
  model = fromRule(JSON.parse(saved));
  nameField.value = savedName;
  problems = [];
  draw();
  later();
});
window.addEventListener("beforeunload", (event) => { if (isDirty() && !setup.readonly && !leaving) event.preventDefault(); });
// A page that the browser kept as it was may be older than the segment.
window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });

// --- JSON ---------------------------------------------------------------------------------------------

const area = $("json-text");
const writeJson = () => { area.value = JSON.stringify(cleaned(), null, 2); };

function writeErrors(extra = []) {
  $("json-errors").replaceChildren(...[...extra, ...problems].map((problem) => el("p", { class: "r-form-e" }, icon("alert", true),
    el("span", {}, problem.path ? el("code", {}, problem.path) : "", problem.path ? ": " : "", problem.message))));
}

$("as-json").addEventListener("click", () => {
  const view = $("json-view");
  view.hidden = !view.hidden;
  root.hidden = !view.hidden;
  $("as-json").setAttribute("aria-pressed", String(!view.hidden));
  if (!view.hidden) { writeJson(); area.focus(); } else draw();
});

area.addEventListener("input", () => {
  let rule = null;
  try { rule = JSON.parse(area.value); } catch { /* told below */ }
  if (!isGroup(rule)) return writeErrors([{ path: "", message: words.badJson }]);
  problems = [];
  writeErrors();
  model = fromRule(rule);
  later(false);
});

// What is shown by its name, not as the rule has it: asked for once something of the kind is there.
async function learnNames(rule) {
  const held = JSON.stringify(rule);
  for (const [name, kind] of Object.entries(words.kinds)) {
    for (const part of kind.parts.filter((one) => one.named && held.includes(`"${name}"`))) {
      const found = await ui.ask(part.source).catch(() => ({ items: [] }));
      found.items.forEach((item) => ui.names.set(item.value, item.label));
    }
  }
}

async function start() {
  await learnNames(setup.rule);
  draw();
  paintSave();
  // htmx takes the form up once the page is read
  if (document.readyState !== "complete") await new Promise((ready) => window.addEventListener("load", ready, { once: true }));
  ask();
}
start();
