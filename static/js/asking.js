// Questions that hang on an answer: hidden until it is given. Without scripts their help text says when they apply.
(function () {
  "use strict";
  var hanging = {};
  document.querySelectorAll("[data-only-if]").forEach(function (field) { hanging[field.name] = field; });
  function answer(name) {
    var fields = Array.from(document.getElementsByName(name));
    var chosen = fields[0] && fields[0].type === "radio" ? fields.find(function (field) { return field.checked; }) : fields[0];
    return chosen ? chosen.value : "";
  }
  function applies(name) {
    var field = hanging[name];
    return !field || (answer(field.dataset.onlyIf) === field.dataset.onlyAnswer && applies(field.dataset.onlyIf));
  }
  function renew() {
    Object.keys(hanging).forEach(function (name) {
      var place = document.getElementById("div_id_" + name);
      if (place) place.hidden = !applies(name);
    });
  }
  document.addEventListener("change", renew);
  renew();
})();
