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

  // Pages are the same for everybody; who is signed in is asked for only where the marker cookie says so.
  var place = document.querySelector("[data-me]");
  if (place && /(?:^|; )signed_in=/.test(document.cookie)) {
    fetch(place.dataset.me, { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : null; })
      .then(function (me) {
        if (!me || !me.name) return;
        var link = document.createElement(me.staff ? "a" : "span");
        if (me.staff) link.href = "/admin/";
        link.textContent = me.name;
        place.replaceChildren(link);
        place.hidden = false;
      })
      .catch(function () {});
  }
})();
