// What the desk gains when scripts run: tabs by language, the clock of the chosen city, only the dates that are needed.
// Without it every field stands below the other.
(function () {
  "use strict";
  var words = document.getElementById("desk-words").dataset;
  var LANGUAGES = ["tr", "az", "en"];
  var made = 0;

  function languageOf(row) {
    var input = row.querySelector("[class*='mt-field-']");
    var found = input && /mt-field-\S+-(tr|az|en)(\s|$)/.exec(input.className);
    return found && found[1];
  }

  function isFilled(row) {
    return Array.from(row.querySelectorAll("input, textarea")).some(function (field) { return field.value.trim(); });
  }

  // Neighbouring rows of texts become one panel per language, under one row of tabs.
  function makeTabs(rows) {
    var list = document.createElement("div");
    list.className = "language-tabs";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", words.texts);
    var tabs = {}, panels = {};
    var number = made += 1;
    rows[0].before(list);
    var last = list;

    function show(language, focus) {
      LANGUAGES.forEach(function (each) {
        var isShown = each === language;
        tabs[each].setAttribute("aria-selected", String(isShown));
        tabs[each].tabIndex = isShown ? 0 : -1;
        panels[each].hidden = !isShown;
      });
      if (focus) { tabs[language].focus(); }
    }

    function mark() {
      var turkish = rows.filter(function (row) { return languageOf(row) === "tr"; }).map(isFilled);
      LANGUAGES.forEach(function (language) {
        var filled = rows.filter(function (row) { return languageOf(row) === language; }).map(isFilled);
        var hasError = panels[language].querySelector(".errorlist");
        var lacks = turkish.some(function (there, n) { return there && !filled[n]; });
        var isWanted = turkish.some(Boolean) || rows[0].querySelector("label.required");
        var state = hasError ? "error" : !filled.some(Boolean) && isWanted ? "empty" : lacks ? "lacks" : "";
        tabs[language].dataset.state = state;
        tabs[language].lastChild.textContent = state ? " · " + words[state] : "";
      });
    }

    LANGUAGES.forEach(function (language) {
      var tab = tabs[language] = document.createElement("button");
      tab.type = "button";
      tab.id = "language-tab-" + number + "-" + language;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", tab.id + "-panel");
      var name = document.createElement("span");
      name.lang = language;
      name.textContent = words[language];
      tab.append(name, document.createElement("span"));
      list.append(tab);
      var panel = panels[language] = document.createElement("div");
      panel.id = tab.id + "-panel";
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      last.after(panel);
      last = panel;
      rows.filter(function (row) { return languageOf(row) === language; }).forEach(function (row) {
        row.querySelectorAll("input, textarea").forEach(function (field) { field.lang = language; });
        row.querySelectorAll("label").forEach(function (label) {
          label.textContent = label.textContent.replace(" [" + language + "]", "");  // the tab says it
        });
        panel.append(row);
      });
      tab.addEventListener("click", function () {
        show(language);
        sessionStorage.setItem("desk-language", language);
      });
    });

    list.addEventListener("keydown", function (event) {
      var now = LANGUAGES.findIndex(function (each) { return !panels[each].hidden; });
      var steps = { ArrowRight: now + 1, ArrowLeft: now + 2, Home: 0, End: 2 };
      if (event.key in steps) {
        event.preventDefault();
        show(LANGUAGES[steps[event.key] % 3], true);
      }
    });
    list.parentElement.addEventListener("input", mark);
    mark();
    var wrong = LANGUAGES.find(function (each) { return tabs[each].dataset.state === "error"; });
    show(wrong || sessionStorage.getItem("desk-language") || "tr");
  }

  function tabsIn(fieldset) {
    var run = [];
    Array.from(fieldset.querySelectorAll(".form-row")).concat(null).forEach(function (row) {
      if (row && languageOf(row)) { run.push(row); return; }
      if (run.length >= LANGUAGES.length) { makeTabs(run); }
      run = [];
    });
  }

  // Of the four dates, those that the chosen precision uses.
  function datesFor(select) {
    var whole = select.closest(".inline-related") || select.closest("form");
    function row(name) {
      return Array.from(whole.querySelectorAll(".form-row.field-" + name)).find(function (each) {
        return !each.closest(".inline-related") || each.closest(".inline-related") === whole;
      });
    }
    function choose() {
      var used = { time: "at", unknown: "" }[select.value];
      ["at", "on"].forEach(function (kind) {
        ["starts_", "ends_"].forEach(function (name) {
          var found = row(name + kind);
          if (found) { found.hidden = used === undefined ? kind === "at" : used !== kind; }
        });
      });
    }
    select.addEventListener("change", choose);
    choose();
  }

  function enrich(part) {
    part.querySelectorAll("fieldset").forEach(function (fieldset) {
      if (!fieldset.closest(".empty-form") && !fieldset.querySelector("fieldset")) { tabsIn(fieldset); }
    });
    part.querySelectorAll("select[name$='precision']").forEach(function (select) {
      if (!select.closest(".empty-form")) { datesFor(select); }
    });
  }

  // The labels name the clock of the city that is chosen now; what was typed stays as it is.
  function clocksOf(city) {
    var to = city === "baku" ? words.baku : words.izmir;
    var from = city === "baku" ? words.izmir : words.baku;
    document.querySelectorAll("label").forEach(function (label) {
      if (label.textContent.includes(from)) { label.textContent = label.textContent.replace(from, to); }
    });
    document.querySelectorAll("[aria-label]").forEach(function (field) {
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(from, to));
    });
  }

  // The search boxes that Django's autocomplete builds have no names; the row's label names them.
  function nameBoxes() {
    document.querySelectorAll(".form-row .select2-container:not([data-named])").forEach(function (box) {
      var label = box.closest(".form-row").querySelector("label");
      box.dataset.named = "";
      box.querySelectorAll(".select2-selection, [role='textbox'], .select2-search__field").forEach(function (part) {
        part.setAttribute("aria-label", label.textContent.replace(":", "").trim());
      });
      box.querySelectorAll("ul.select2-selection__rendered").forEach(function (list) { list.setAttribute("role", "presentation"); });
    });
  }
  new MutationObserver(nameBoxes).observe(document.body, { childList: true, subtree: true });

  enrich(document);
  document.addEventListener("formset:added", function (event) { enrich(event.target); });
  var city = document.querySelector("#event_form #id_city");
  if (city) {
    city.addEventListener("change", function () { clocksOf(city.value); });
    document.addEventListener("formset:added", function () { clocksOf(city.value); });
  }
})();
