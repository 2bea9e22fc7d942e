// The page of a computed trait: its definition as one sentence whose words are buttons, and what it would be.
import { extrasOf, sentenceOf } from "./builder/clauses.js";
import { el } from "./builder/dom.js";
import { closePicker } from "./builder/picker.js";

const setup = JSON.parse(document.getElementById("trait-setup").textContent);
const { node, words } = setup;
const root = document.getElementById("trait-sentence");
const field = document.getElementById("definition");
const form = document.getElementById("trait");
const begun = JSON.stringify(node);
let leaving = false;

const ui = {
  words, slug: "", readonly: setup.readonly, names: new Map(), nameOf: (name) => name,
  ask: async (what, query = {}) => {
    const answer = await fetch(`${setup.pick}?${new URLSearchParams({ what, ...query })}`);
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  },
  changed: ({ keep = false, focus = "" } = {}) => { if (!keep) draw(focus); tell(); },
};

// A share is of something.
function complete() {
  if (node.agg === "share" && !node.counted?.length) node.counted = [{ property: "", op: "eq", value: "" }];
}

function draw(focus = "") {
  complete();
  const held = focus || document.activeElement?.closest?.("[data-word]")?.dataset.word;
  closePicker();
  const said = el("p");
  root.replaceChildren(said, extrasOf(node, ui) || "");
  said.append(...sentenceOf(node, ui, root).filter((part) => part !== null && part !== false));
  if (held) (root.querySelector(`[data-word="${held}"]`) || root.querySelector("[data-word]"))?.focus();
}

function tell() {
  field.value = JSON.stringify(node);
  document.body.dispatchEvent(new CustomEvent("definition-changed"));
}

if (root) {
  draw();
  tell();
  form.addEventListener("submit", () => { leaving = true; });
  addEventListener("beforeunload", (event) => { if (!leaving && JSON.stringify(node) !== begun) event.preventDefault(); });
}
