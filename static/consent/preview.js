// The preview follows the form: shown again a moment after the last change.
const WAIT = 500; // milliseconds

const form = document.querySelector("form[data-preview]");
const button = form?.querySelector("[data-refresh]");
let waiting = 0;

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(button), WAIT);
});
