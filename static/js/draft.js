// A draft is saved while it is written. Without scripts, the buttons do it.
// It runs before the form is there and listens at the document: nothing is typed unheard.
(function () {
  "use strict";
  var form = null, waiting = null, isSaving = false, isAgain = false, pressed = null;
  function isDraft(event) {
    var found = event.target.closest("form[data-draft]");
    form = found || form;
    return Boolean(found);
  }
  function save() {
    var said = form.querySelector(".saved");
    if (isSaving) { isAgain = true; return; }
    isSaving = true;
    fetch(location.href, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.json().then(function (told) { return [answer.ok, told]; }); })
      .then(function (pair) {
        if (!pair[0]) { said.textContent = pair[1].error; return; }
        form.elements.revision.value = pair[1].revision;
        said.textContent = form.dataset.saved + " " + pair[1].saved;
      })
      .catch(function () { said.textContent = form.dataset.failed; })
      .then(function () {
        isSaving = false;
        if (pressed) { go(); }
        else if (isAgain) { isAgain = false; save(); }
      });
  }
  function go() {
    var button = pressed;
    pressed = null; isSaving = false;
    form.requestSubmit(button);
  }
  document.addEventListener("input", function (event) {
    if (!isDraft(event)) return;
    clearTimeout(waiting);
    waiting = setTimeout(save, 1200);
  });
  document.addEventListener("submit", function (event) {
    if (!isDraft(event)) return;
    clearTimeout(waiting);
    if (!isSaving || !event.submitter) return;
    // The save that is on its way would make the form look like one from another window: it goes first.
    event.preventDefault();
    if (!pressed) setTimeout(function () { if (pressed) go(); }, 4000);
    pressed = event.submitter;
  });
})();
