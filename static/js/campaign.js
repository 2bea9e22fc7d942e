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

// The search for somebody else outlives the preview's renewals; a choice closes it.
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#as-people button")) return;
  const search = document.getElementById("as-search");
  setTimeout(() => {
    search.querySelector("input").value = "";
    search.querySelector("#as-people").replaceChildren();
  }, 50);
});
