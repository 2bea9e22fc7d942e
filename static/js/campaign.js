// What no attribute does in the editor: a variable goes where the caret was last.
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

// An autosave that is refused by the server or the network must not look as if it had worked.
document.addEventListener("htmx:sendError", notSaved);
document.addEventListener("htmx:responseError", notSaved);
function notSaved(event) {
  const saved = document.getElementById("saved");
  if (saved && event.detail.elt?.id === "step-form") saved.textContent = saved.dataset.failed ?? "Not saved";
}

window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("#saved.r-cmp-unsaved")) event.preventDefault();
});
document.addEventListener("submit", (event) => {
  if (event.target.id === "step-form") document.getElementById("saved")?.classList.remove("r-cmp-unsaved");
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
