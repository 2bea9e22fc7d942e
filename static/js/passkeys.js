// Starts what django-allauth's script does, and says in words when the browser's part fails.
// A form says by `data-passkey` which part it is; what the server gives stands in a block of JSON.
const PARTS = { add: "addForm", authenticate: "authenticateForm", login: "loginForm" };

const say = (form, words) => {
  const note = form.querySelector("[data-passkey-note]");
  if (!note) return;
  note.textContent = words;
  note.hidden = false;
};

const wordsFor = (form, error) => {
  if (error?.name === "NotAllowedError") return form.dataset.cancelled;
  return error?.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed;
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const ids = { credential: form.querySelector("[name=credential]").id };
  const part = form.dataset.passkey;
  ids[part] = form.querySelector("[data-passkey-go]").id;
  if (part === "add") ids.passwordless = form.querySelector("[name=passwordless]")?.id;
  if (part !== "login") ids.data = "passkey-data";
  if (!window.PublicKeyCredential) {
    if (part === "login") continue; // there is a password
    say(form, form.dataset.unable);
    continue;
  }
  form.hidden = false;
  window.allauth.webauthn.forms[PARTS[part]]({ ids });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    say(form, wordsFor(form, event.detail.exception));
  });
}
