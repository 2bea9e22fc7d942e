// Who is chosen in the people list: a page's rows, or all that match. Without it the boxes still post.
const formOf = (element) => element.closest?.("form[data-choose]");
const rowsOf = (form) => [...form.querySelectorAll("[name=person]")];

function say(form) {
  const rows = rowsOf(form);
  const n = rows.filter((row) => row.checked).length;
  const isAll = form.elements.all.value === "1";
  const page = form.querySelector("[data-choose-page]");
  const more = form.querySelector("[data-choose-all]");
  const count = form.querySelector("[data-count]");
  if (page) {
    page.checked = n > 0 && n === rows.length;
    page.indeterminate = n > 0 && n < rows.length;
  }
  if (count) {
    count.dataset.idle ??= count.textContent;
    const words = n === 1 ? form.dataset.one : form.dataset.many.replace("{n}", n);
    count.textContent = isAll ? form.dataset.all : n ? words : count.dataset.idle;
  }
  if (more) more.hidden = isAll || n < rows.length;
  for (const button of form.querySelectorAll("[data-acts] > button")) button.disabled = !n;
}

document.addEventListener("change", ({ target }) => {
  const form = formOf(target);
  if (!form) return;
  if (target.matches("[data-choose-page]")) for (const row of rowsOf(form)) row.checked = target.checked;
  else if (!target.matches("[name=person]")) return;
  form.elements.all.value = "";
  say(form);
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-choose-all]");
  if (!button) return;
  const form = formOf(button);
  form.elements.all.value = "1";
  say(form);
  form.querySelector("[data-acts] button")?.focus();
});
const start = (root) => root.querySelectorAll("form[data-choose]").forEach(say);
document.addEventListener("htmx:load", ({ detail }) => start(detail.elt.parentElement ?? document));
start(document);
