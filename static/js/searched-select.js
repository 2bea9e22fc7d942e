// A <select data-searched> as a button with a list that is searched by typing; the select keeps the value.
import { pickFrom } from "./builder/picker.js";
import { el, icon } from "./builder/dom.js";

function enhance(select) {
  if (select.dataset.enhanced) return;
  select.dataset.enhanced = "1";
  const host = el("div", { class: "r-searched" });
  const button = el("button", { type: "button", class: "r-input r-searched-b", "aria-haspopup": "listbox", "aria-expanded": "false", id: `${select.id}-pick` });
  const words = JSON.parse(select.dataset.searched || "{}");
  const label = document.querySelector(`label[for="${select.id}"]`);
  const show = () => {
    button.replaceChildren(el("span", { class: "r-cut", dir: "auto" }, select.selectedOptions[0]?.textContent.trim()), icon("down", true));
    button.setAttribute("aria-label", `${label?.textContent.trim() || ""}: ${select.selectedOptions[0]?.textContent.trim() || ""}`);
  };
  const items = () => [...select.options].map((option) => ({ value: option.value, label: option.textContent.trim() }));
  button.addEventListener("click", () => pickFrom({
    button, host, words, load: () => ({ items: items() }),
    choose: (item) => { select.value = item.value; select.dispatchEvent(new Event("change", { bubbles: true })); show(); },
  }));
  select.before(host);
  host.append(button);
  select.hidden = true;
  if (label) label.htmlFor = button.id;
  select.addEventListener("change", show);
  show();
}

document.querySelectorAll("select[data-searched]").forEach(enhance);
