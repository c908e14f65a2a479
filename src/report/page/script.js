// Search and filters of the table of pods; without this the whole table is there to read.
(function () {
  "use strict";
  var form = document.querySelector("form.filter");
  var rows = Array.from(document.querySelectorAll("table.pods tbody tr"), function (row) {
    var cells = row.cells;
    return {
      row: row,
      verdict: row.dataset.v,
      version: cells[1].textContent,
      rules: row.dataset.r.split(", "),
      text: row.textContent.toLowerCase()
    };
  });
  function apply() {
    var words = form.elements.text.value.toLowerCase().split(/\s+/);
    var verdict = form.elements.verdict.value;
    var version = form.elements.version.value;
    var rule = form.elements.rule.value;
    var shown = 0;
    rows.forEach(function (it) {
      var fits = [
        verdict === "" || it.verdict === verdict,
        version === "" || it.version === version,
        rule === "" || it.rules.includes(rule),
        words.every(function (word) { return it.text.includes(word); })
      ].every(Boolean);
      it.row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    form.querySelector("output").textContent = shown + " of " + rows.length + " pods";
  }
  var waiting = 0;
  form.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.hidden = false;
  apply();
})();
