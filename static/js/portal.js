// What a page gains when scripts run. Nothing here is needed to read the programme.
(function () {
  "use strict";
  var language = document.documentElement.lang;

  // Both cities' clocks. The server's time (Server-Timing: now;desc="1790000000000") wins over a wrong watch,
  // but only when this very answer came over the network: a page from the browser's cache carries an old one.
  var visit = performance.getEntriesByType("navigation")[0];
  var stamp = visit && visit.transferSize > 0 && (visit.serverTiming || []).find(function (t) { return t.name === "now"; });
  var ahead = stamp && Number(stamp.description)
    ? Number(stamp.description) - (performance.timeOrigin + visit.responseStart) : 0;
  var clocks = Array.from(document.querySelectorAll("[data-clock]"));

  function tick() {
    var now = new Date(Date.now() + ahead);
    clocks.forEach(function (clock) {
      var time = now.toLocaleTimeString("en-GB", { timeZone: clock.dataset.clock, hour: "2-digit", minute: "2-digit" });
      clock.textContent = language === "tr" ? time.replace(":", ".") : time;
      clock.dateTime = now.toISOString();
      clock.hidden = false;
    });
    setTimeout(tick, 60000 - (now.getTime() % 60000) + 20);
  }
  if (clocks.length) tick();

  // A visitor in a third zone also reads the time where they are, beside both cities' times, never instead of them.
  function wall(moment, zone) {
    return moment.toLocaleString("en-GB", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  }
  document.querySelectorAll("[data-begins]").forEach(function (when) {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    var begins = new Date(when.dataset.begins);
    var both = [wall(begins, "Europe/Istanbul"), wall(begins, "Asia/Baku")];
    if (!zone || both.includes(wall(begins, zone))) return;
    var parts = wall(begins, zone).split(", "); // 21/03/2026, 13:30
    var day = parts[0] === both[0].split(", ")[0] ? "" : (language === "en" ? parts[0] : parts[0].replace(/\//g, ".")) + ", ";
    var here = document.createElement("p");
    here.className = "event-here";
    here.textContent = when.dataset.here + " (" + zone.split("/").pop().replace(/_/g, " ") + "): "
      + day + (language === "tr" ? parts[1].replace(":", ".") : parts[1]);
    when.after(here);
  });

  // <button data-copy="https://…" data-copied="Copied" hidden>: shown only where copying works.
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        button.textContent = button.dataset.copied;
      });
    });
  });

  // <form data-keep="name">: what was typed outlives a page that was too old to be sent. It stays in this tab alone, from
  // sending until the page that carries data-kept="name", and for an hour at most. Never for forms with secrets.
  function stored(name, value) {
    try {
      if (value === null) sessionStorage.removeItem("keep:" + name);
      else if (value) sessionStorage.setItem("keep:" + name, JSON.stringify(value));
      else return JSON.parse(sessionStorage.getItem("keep:" + name));
    } catch (refused) { /* storage is off: then nothing is kept */ }
    return null;
  }
  document.querySelectorAll("[data-kept]").forEach(function (done) { stored(done.dataset.kept, null); });
  document.querySelectorAll("form[data-keep]").forEach(function (form) {
    var fields = Array.from(form.elements).filter(function (field) {
      return field.name && !/^(hidden|password|file|submit|button)$/.test(field.type);
    });
    function isTicked(field) { return field.type === "radio" || field.type === "checkbox"; }
    var kept = stored(form.dataset.keep);
    if (kept && Date.now() - kept.at < 3600000 && !form.querySelector(".error-summary")) {
      fields.forEach(function (field) {
        var values = kept.typed[field.name] || [];
        if (isTicked(field)) field.checked = values.includes(field.value);
        else if (values.length) field.value = values[0];
      });
      var note = document.createElement("p");
      note.className = "notice";
      note.setAttribute("role", "status");
      note.textContent = form.dataset.restored;
      form.prepend(note);
    }
    form.addEventListener("submit", function () {
      var typed = {};
      fields.forEach(function (field) {
        if (!isTicked(field) || field.checked) (typed[field.name] = typed[field.name] || []).push(field.value);
      });
      stored(form.dataset.keep, { at: Date.now(), typed: typed });
    });
  });

  // <div data-script="…">: a script that comes with the first touch of what it serves; until then, links and buttons do.
  document.querySelectorAll("[data-script]").forEach(function (place) {
    function load() {
      ["focusin", "pointerover"].forEach(function (sign) { place.removeEventListener(sign, load); });
      var script = document.createElement("script");
      script.src = place.dataset.script;
      document.head.append(script);
    }
    ["focusin", "pointerover"].forEach(function (sign) { place.addEventListener(sign, load); });
  });

  // A list renewed in place: addresses without empty fields, the new count said aloud, and the focus never lost.
  document.addEventListener("htmx:configRequest", function (event) {
    var asked = event.detail.formData;
    Array.from(asked.keys()).forEach(function (name) { if (!asked.get(name)) asked.delete(name); });
  });
  document.addEventListener("htmx:afterSettle", function () {
    document.querySelectorAll("[data-says]").forEach(function (place) {
      var said = document.querySelector(place.dataset.says);
      place.textContent = said.textContent;
      if (document.activeElement === document.body) said.focus();
    });
  });

  // Pages are the same for everybody; who is signed in is asked for only where the marker cookie says so.
  var place = document.querySelector("[data-me]");
  if (place && /(?:^|; )signed_in=/.test(document.cookie)) {
    fetch(place.dataset.me, { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (me) {
        if (!me || !me.name) return;
        place.querySelector("a").textContent = me.name;
        if (!me.staff) return;
        var desk = document.createElement("a");
        desk.href = me.staff;
        desk.textContent = place.dataset.desk;
        place.append(" ", desk);
      })
      .catch(function () {});
  }
})();
