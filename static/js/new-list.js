// Makes a list by its name; what is wrong is said beside the field.
import { post } from "./builder/dom.js";

const form = document.getElementById("new-list");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await post(form.action, JSON.stringify({ name: form.elements.name.value, kind: "static" }), "application/json");
  const said = await answer.json();
  if (answer.ok) return window.location.assign(said.url);
  const line = document.getElementById("list-error");
  line.hidden = false;
  line.textContent = (said.errors || []).map((problem) => problem.message).join(" ");
  form.elements.name.focus();
});
