// A draft is saved while it is written. Without scripts, the buttons do it.
(function () {
  "use strict";
  var form = document.querySelector("form[data-draft]");
  if (!form) return;
  var said = form.querySelector(".saved"), waiting = null, isSaving = false, isAgain = false, pressed = null;
  function save() {
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
  form.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(save, 1200); });
  form.addEventListener("submit", function (event) {
    clearTimeout(waiting);
    if (!isSaving || !event.submitter) return;
    // The save that is on its way would make the form look like one from another window: it goes first.
    event.preventDefault();
    if (!pressed) setTimeout(function () { if (pressed) go(); }, 4000);
    pressed = event.submitter;
  });
})();
