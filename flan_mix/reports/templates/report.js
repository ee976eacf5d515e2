"use strict";
(function () {
  var filter = document.getElementById("task-filter");
  if (!filter) return;
  var samples = Array.from(document.querySelectorAll(".sample"));
  var shown = document.getElementById("samples-shown");

  function apply() {
    var count = 0;
    samples.forEach(function (sample) {
      var fits = filter.value === "" || sample.dataset.task === filter.value;
      sample.hidden = !fits;
      if (fits) count += 1;
    });
    shown.textContent = count + " of " + samples.length + " examples";
  }

  // report.html#task=NAME opens on one task.
  var wanted = new URLSearchParams(location.hash.slice(1)).get("task");
  if (wanted !== null && samples.some(function (s) { return s.dataset.task === wanted; })) {
    filter.value = wanted;
  }

  filter.addEventListener("change", apply);
  // Without scripts the page shows everything and no filter.
  filter.closest(".filter").hidden = false;
  apply();
})();
