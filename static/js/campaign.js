// What no attribute does. In the editor a variable goes where the caret was last.
let last = null;

document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("#id_subject, #id_preheader, #id_source, #id_text")) last = event.target;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  if (!button) return;
  const field = last?.isConnected ? last : document.getElementById("id_subject");
  if (!field || field.disabled) return;
  field.focus();
  field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// The search for somebody else outlives the preview's renewals; a choice closes it.
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#as-people button")) return;
  const search = document.getElementById("as-search");
  setTimeout(() => {
    search.querySelector("input").value = "";
    search.querySelector("#as-people").replaceChildren();
  }, 50);
});

// Once all is handed over the page moves on to the report: said, counted down, and not under anybody's hands. Whatever
// they do here (a key, a press, a touch, a turn of the wheel, another window) keeps them where they are.
let moving = null;

function stay() {
  clearInterval(moving);
  moving = null;
  document.getElementById("moves-on")?.remove();
}

function moveOn(note) {
  if (!note || moving) return;
  let left = Number(note.dataset.seconds);
  moving = setInterval(() => {
    if (document.visibilityState !== "visible") return;
    left -= 1;
    note.querySelector("[data-left]").textContent = left;
    if (left > 0) return;
    clearInterval(moving);
    location.assign(note.dataset.movesOn);
  }, 1000);
}

// What has the focus may be gone as the launch goes on: Undo, once the hold is over. The heading says what is so now.
let hadFocus = false;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id === "progress") hadFocus = event.target.contains(document.activeElement);
});
document.addEventListener("htmx:afterSettle", () => {
  if (hadFocus && document.activeElement === document.body) document.getElementById("state-h")?.focus({ preventScroll: true });
  hadFocus = false;
});

document.addEventListener("htmx:afterSwap", () => moveOn(document.getElementById("moves-on")));
for (const act of ["keydown", "pointerdown", "wheel", "touchstart"]) {
  document.addEventListener(act, (event) => {
    if (moving && !event.target.closest?.("#moves-on a")) stay();
  }, { passive: true });
}
