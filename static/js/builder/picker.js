// A searchable list that stands under the word it changes: combobox with a listbox, by keyboard too.
import { el, icon } from "./dom.js";

const MOST = 200; // lines
const FIRST = 6; // of each group, until one searches or asks for all of it
let open = null;

export function closePicker(back = false) {
  if (!open) return;
  const { box, button } = open;
  open = null;
  box.remove();
  button.classList.remove("on");
  button.setAttribute("aria-expanded", "false");
  if (back) button.focus();
}

function place(button, host, box) {
  closePicker();
  host.append(box);
  button.classList.add("on");
  button.setAttribute("aria-expanded", "true");
  open = { box, button };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); closePicker(true); }
  });
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.box.contains(event.target) && !open.button.contains(event.target)) closePicker();
});

// load(): {items, of}; items that say an intent stand in groups. free(text): items for what was typed. chosen: values that are on (several).
export function pickFrom({ button, host, words, load, free, choose, chosen = null }) {
  if (open?.button === button) return closePicker(true);
  const id = `pick-${Math.random().toString(36).slice(2)}`;
  const input = el("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": id,
    "aria-autocomplete": "list", "aria-label": words.search, placeholder: words.search, autocomplete: "off", dir: "auto" });
  const list = el("ul", { role: "listbox", id, "aria-label": words.search, "aria-multiselectable": chosen ? "true" : null });
  const note = el("p", { class: "r-xs r-sub" }, words.loading);
  const done = chosen && el("button", { type: "button", class: "r-btn r-btn-s", onclick: () => closePicker(true) }, words.done);
  const box = el("div", { class: "r-pick" }, el("div", { class: "r-field" }, icon("search", true), input), list, note, done);
  let items = [];
  let shown = [];
  let at = 0;
  let loaded = false;
  let entered = false; // before the lines were there: who types fast means the best of them
  const unfolded = new Set();

  // What was typed finds labels, what tells them apart, and the other names of their kind.
  function rank(item, term) {
    const label = item.label.toLowerCase();
    if (label === term || String(item.value).toLowerCase() === term) return 0;
    if (label.startsWith(term)) return 1;
    if (label.includes(term) || String(item.value).toLowerCase().includes(term) || (item.detail || "").toLowerCase().includes(term)) return 2;
    return term.length > 2 && (item.also || "").toLowerCase().split(/[ ,]+/).some((word) => word.startsWith(term)) ? 3 : -1;
  }

  function draw() {
    const term = input.value.trim().toLowerCase();
    let found = term ? items.map((item) => [rank(item, term), item]).filter(([how]) => how >= 0) : items.map((item) => [0, item]);
    if (free && term) found = [...found, ...free(input.value.trim()).filter((own) => !found.some(([, item]) => item.value === own.value)).map((own) => [4, own])];
    const groups = Map.groupBy ? Map.groupBy(found, ([, item]) => groupOf(item)) : byGroup(found);
    shown = [];
    const drawn = [...groups].map(([name, lines]) => {
      const whole = term || unfolded.has(name);
      const usual = lines.filter(([, item]) => whole || !item.rare).slice(0, whole || groups.size === 1 ? MOST : FIRST);
      const rows = usual.map(([how, item]) => { shown.push({ item, how }); return line(item, shown.length - 1); });
      if (usual.length < lines.length && !whole) {
        shown.push({ unfolds: name, how: 9 });
        rows.push(more(lines, usual, shown.length - 1));
      }
      return name && groups.size > 1 ? el("li", { role: "group", "aria-label": words.intents[name], class: "r-pick-g" }, el("span", { class: "r-h", "aria-hidden": "true" }, words.intents[name]), el("ul", { role: "none" }, rows)) : rows;
    });
    if (term) at = Math.max(0, shown.findIndex((one) => one.how === Math.min(...shown.map((each) => each.how))));
    at = Math.min(at, Math.max(shown.length - 1, 0));
    list.replaceChildren(...drawn.flat());
    if (!shown.length && (term || !note.textContent)) list.append(el("li", { "aria-disabled": "true" }, el("span", { class: "r-sub" }, words.nothing)));
    mark();
  }

  const groupOf = (item) => item.intent || "";
  const byGroup = (found) => found.reduce((all, pair) => { const name = groupOf(pair[1]); return all.set(name, [...(all.get(name) || []), pair]); }, new Map());

  // What is asked for less often, one press further away.
  function more(lines, usual, index) {
    const label = groupOf(lines[0][1]) ? words.showAll.replace("{n}", lines.length) : words.more.replace("{n}", lines.length - usual.length);
    return el("li", { role: "option", id: `${id}-${index}`, class: "r-pick-m", "aria-selected": "false", onclick: () => take(shown[index]) }, el("span", {}, label));
  }

  function line(item, index) {
    const on = chosen?.some((value) => value === item.value);
    const detail = item.detail ? el("small", { class: "r-sub r-pick-d", dir: "auto" }, item.detail) : null;
    const kind = item.kind && !groupOf(item) ? el("small", { class: "r-sub" }, ` ${words.kinds[item.kind]?.label || words[item.kind] || ""}`) : null;
    const doubt = item.note ? el("span", { class: "r-chip is-warn" }, item.note) : null;
    const meter = el("span", { class: "r-meter", "aria-hidden": "true" });
    if (item.share !== null && item.share !== undefined) {
      const bar = el("i");
      bar.style.width = `${Math.round(100 * item.share)}%`;
      meter.append(bar);
    } else meter.style.visibility = "hidden";
    return el("li", { role: "option", id: `${id}-${index}`, class: on ? "is-on" : "", "aria-selected": "false",
      "aria-checked": chosen ? String(Boolean(on)) : null, onclick: () => take({ item }) },
    el("span", { dir: "auto", class: item.value === "" ? "r-sub" : null }, item.label, kind, " ", doubt, detail), meter, el("span", { class: "r-n" }, item.count || ""));
  }

  function mark() {
    const rows = [...list.querySelectorAll("[role=option]")];
    rows.forEach((row, index) => row.setAttribute("aria-selected", String(index === at)));
    if (rows[at]?.id) { input.setAttribute("aria-activedescendant", rows[at].id); rows[at].scrollIntoView({ block: "nearest" }); }
  }

  function take(one) {
    if (!one) return;
    if (one.unfolds !== undefined) {
      unfolded.add(one.unfolds);
      draw();
      return input.focus();
    }
    const { item } = one;
    if (chosen) {
      const where = chosen.indexOf(item.value);
      if (where >= 0) chosen.splice(where, 1); else chosen.push(item.value);
      choose(item, true);
      input.value = "";
      if (!items.some((known) => known.value === item.value)) items = [item, ...items];
      draw();
      return input.focus();
    }
    closePicker(true);
    choose(item);
  }

  input.addEventListener("input", () => { at = 0; draw(); });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !event.altKey) { event.preventDefault(); at = (at + step + shown.length) % Math.max(shown.length, 1); mark(); }
    else if (event.key === "Enter") { event.preventDefault(); if (chosen && !input.value && event.ctrlKey) closePicker(true); else if (loaded) take(shown[at]); else entered = true; }
    else if (event.key === "Tab") closePicker(true);
  });
  place(button, host, box);
  input.focus();
  Promise.resolve(load()).then((found) => { items = found.items; note.textContent = found.of || ""; loaded = true; draw(); if (entered && box.isConnected) take(shown[at]); })
    .catch(() => { loaded = true; note.textContent = words.failed; });
}

// A few fields: amount and unit, two numbers, two dates. fields: [{name, label, type, value, options}].
export function pickFields({ button, host, words, fields, choose, ways = [] }) {
  if (open?.button === button) return closePicker(true);
  const form = el("form", { class: "r-pick-f", onsubmit: (event) => { event.preventDefault(); send(); } });
  const inputs = fields.map((field) => {
    const input = field.options
      ? el("select", { class: "r-input", name: field.name }, Object.entries(field.options).map(([value, label]) => el("option", { value, selected: value === field.value }, label)))
      : el("input", { class: "r-input", name: field.name, type: field.type || "number", value: field.value ?? "", min: field.min, step: field.step || "any", required: field.required !== false });
    form.append(el("label", {}, field.label, input));
    return input;
  });
  function send() {
    const values = Object.fromEntries(inputs.map((input) => [input.name, input.type === "number" ? Number(input.value) : input.value]));
    closePicker(true);
    choose(values);
  }
  form.append(el("button", { class: "r-btn r-btn-s" }, words.done));
  const others = ways.map(([label, act]) => el("button", { type: "button", class: "r-link r-sm", onclick: () => { closePicker(true); act(); } }, label));
  place(button, host, el("div", { class: "r-pick" }, form, others.length ? el("p", { class: "r-row" }, others) : null));
  inputs[0]?.focus();
  inputs[0]?.select?.();
}
