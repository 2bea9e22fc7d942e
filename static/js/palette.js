// The command palette: Ctrl K opens, arrows choose, Enter opens. Results are links that the server drew.
const dialog = document.getElementById("palette");
const field = document.getElementById("palette-term");
const results = document.getElementById("palette-results");
let chosen = 0;

export function openPalette() {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  field.select();
}

const hits = () => [...results.querySelectorAll("[role=option]")];

function choose(index) {
  const all = hits();
  field.setAttribute("aria-expanded", all.length > 0);
  if (!all.length) return field.removeAttribute("aria-activedescendant");
  chosen = (index + all.length) % all.length;
  all.forEach((hit, at) => hit.setAttribute("aria-selected", at === chosen));
  field.setAttribute("aria-activedescendant", all[chosen].id);
  all[chosen].scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
  }
});

field?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
  } else if (event.key === "Enter") {
    event.preventDefault();
    hits()[chosen]?.click();
  } else if (event.key === "Escape") {
    event.preventDefault(); // a search field would only empty itself
    dialog.close();
  }
});
dialog?.addEventListener("close", () => { field.value = ""; results.replaceChildren(); choose(0); });
results?.addEventListener("htmx:afterSwap", () => choose(0));
