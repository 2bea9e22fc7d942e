// Makes a list by its name; what is wrong is said beside the field.
import { post } from "./builder/dom.js";

const form = document.getElementById("new-list");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ name: form.elements.name.value, kind: "static" });
  const answer = await post(form.action, body, "application/json").catch(() => null);
  const said = (await answer?.json().catch(() => null)) ?? {};
  if (answer?.ok && said.url) return window.location.assign(said.url);
  const line = document.getElementById("list-error");
  line.hidden = false;
  line.textContent = said.errors?.map((problem) => problem.message).join(" ") ?? form.dataset[answer?.status === 401 ? "out" : "failed"];
  form.elements.name.focus();
});
