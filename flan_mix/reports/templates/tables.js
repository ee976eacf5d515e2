// Tables that sort by a click or a key on a column's heading.
(function () {
  "use strict";

  function value(row, column) {
    var cell = row.cells[column];
    return "sort" in cell.dataset ? Number(cell.dataset.sort) : cell.textContent.trim();
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") {
      // What has no figure stays at the end of a rising order.
      return (isNaN(a) ? Infinity : a) - (isNaN(b) ? Infinity : b) || 0;
    }
    return String(a).localeCompare(String(b));
  }

  function sort(table, heading, column) {
    var descending = heading.getAttribute("aria-sort") === "ascending";
    var body = table.tBodies[0];
    var rows = Array.from(body.rows).map(function (row, place) {
      return { row: row, value: value(row, column), place: place };
    });
    rows.sort(function (a, b) {
      var order = compare(a.value, b.value);
      return (descending ? -order : order) || a.place - b.place;
    });
    rows.forEach(function (each) { body.appendChild(each.row); });
    Array.from(table.tHead.rows[0].cells).forEach(function (other) {
      other.removeAttribute("aria-sort");
    });
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    Array.from(table.tHead.rows[0].cells).forEach(function (heading, column) {
      var button = document.createElement("button");
      button.type = "button";
      while (heading.firstChild) button.appendChild(heading.firstChild);
      heading.appendChild(button);
      button.addEventListener("click", function () { sort(table, heading, column); });
    });
  });

  // Paper has no way to open what is folded.
  var opened = [];
  addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details:not([open])"));
    opened.forEach(function (details) { details.open = true; });
  });
  addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
  });
})();
