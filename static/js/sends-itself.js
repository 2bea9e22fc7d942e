// A form that is filled in already goes on by itself; where no script runs, its button sends it.
const form = document.querySelector("[data-sends-itself]");
if (form) HTMLFormElement.prototype.requestSubmit.call(form);
