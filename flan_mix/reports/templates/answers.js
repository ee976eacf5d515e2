// The answers: all are in the page as data, and a window of them is shown, as text and never as HTML.
(function () {
  "use strict";

  var source = document.getElementById("answers-data");
  if (!source) return;
  var data = JSON.parse(source.textContent);
  var MOST = 20;
  var TASK = 0, ID = 1, TEMPLATE = 2, INPUTS = 3, REFERENCES = 4, ANSWERS = 5, MISSED = 6;
  var TEXT = 0, SCORE = 1, COMPARED = 2, INVENTED = 3;

  var one = document.getElementById.bind(document);
  var search = one("search"), kind = one("kind"), task = one("task"), show = one("show");
  var model = one("model"), order = one("order"), invented = one("invented");
  var previous = one("previous"), next = one("next"), list = one("answers-list");
  var controls = [search, kind, task, show, model, order, invented];
  var found = [], first = 0;

  // ---- what is looked for

  var texts = new Array(data.rows.length);

  function text(place) {
    if (texts[place] === undefined) {
      var row = data.rows[place];
      texts[place] = [row[ID], row[INPUTS]].concat(
        row[REFERENCES], row[ANSWERS].map(function (answer) { return answer[TEXT]; })
      ).join("\n").toLowerCase();
    }
    return texts[place];
  }

  function change(row) {
    var of = row[ANSWERS][Number(model.value)][SCORE], before = row[ANSWERS][0][SCORE];
    return of === null || before === null ? null : of - before;
  }

  function inventions(row) { return row[ANSWERS][Number(model.value)][INVENTED].length; }

  function outcome(row) {
    var by = change(row);
    if (by === null) return "";
    return by > 0 ? "better" : by < 0 ? "worse" : "same";
  }

  function find() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    data.rows.forEach(function (row, place) {
      var of = data.tasks[row[TASK]];
      if (kind.value !== "" && of.kind !== kind.value) return;
      if (task.value !== "" && row[TASK] !== Number(task.value)) return;
      if (show.value !== "" && outcome(row) !== show.value) return;
      if (invented.checked && !inventions(row)) return;
      if (words.every(function (word) { return text(place).includes(word); })) found.push(place);
    });
    sort();
  }

  function sort() {
    var by = {
      gain: function (row) { return change(row) === null ? -Infinity : change(row); },
      loss: function (row) { return change(row) === null ? -Infinity : -change(row); },
      invented: inventions
    }[order.value];
    if (!by) return;
    var keyed = found.map(function (place) { return { place: place, key: by(data.rows[place]) }; });
    keyed.sort(function (a, b) { return a.key < b.key ? 1 : a.key > b.key ? -1 : a.place - b.place; });
    found = keyed.map(function (each) { return each.place; });
  }

  // ---- how it is shown

  function element(name, className, children) {
    var made = document.createElement(name);
    if (className) made.className = className;
    [].concat(children || []).forEach(function (child) {
      made.append(child); // A string becomes text.
    });
    return made;
  }

  function spoken(words) { return element("span", "spoken", words); }

  function number(value) { return value.toFixed(1).replace("-", "\u2212"); }

  function letter(place) {
    return (place >= 26 ? letter(Math.floor(place / 26) - 1) : "") + String.fromCharCode(65 + place % 26);
  }

  function tag(place) { return element("span", "tag model-" + place % 6, letter(place)); }

  // Text with marks at places [start, end, kind, …]; places may overlap, and then the first wins.
  function marked(whole, places, className, says) {
    var shown = element("p", "text");
    shown.dir = "auto";
    var done = 0;
    places.forEach(function (place) {
      var start = Math.max(place[0], done);
      if (start >= place[1]) return;
      shown.append(whole.slice(done, start));
      var mark = element("mark", className, [whole.slice(start, place[1]), spoken(" (" + says(place) + ") ")]);
      mark.title = says(place);
      shown.append(mark);
      done = place[1];
    });
    shown.append(whole.slice(done) || (whole ? "" : "(empty)"));
    return shown;
  }

  function inventedText(place) { return "made up: a " + place[2] + " that the text does not support"; }

  function missedText(place) { return "missed by " + place[3].map(letter).join(", "); }

  function reference(row) {
    var parts = [element("h5", "", "Human reference")];
    row[REFERENCES].forEach(function (whole, place) {
      parts.push(marked(whole, place ? [] : row[MISSED], "missed", missedText));
    });
    if (row[MISSED].length) {
      var said = row[MISSED].map(function (place) {
        return "\u201C" + row[REFERENCES][0].slice(place[0], place[1]) + "\u201D " + missedText(place);
      });
      parts.push(element("p", "note", Array.from(new Set(said)).join("; ")));
    }
    return element("div", "reference", parts);
  }

  function answer(row, place) {
    var of = row[ANSWERS][place], heading = element("h5", "", [tag(place), " ", element("bdi", "", data.models[place])]);
    if (of[SCORE] !== null) {
      heading.append(" ", element("span", "number", data.tasks[row[TASK]].metric + " " + number(of[SCORE])));
      var by = place ? of[SCORE] - row[ANSWERS][0][SCORE] : 0;
      if (by) heading.append(" ", element("span", by > 0 ? "better" : "worse", (by > 0 ? "\u25B2" : "\u25BC") + number(Math.abs(by))));
    }
    var parts = [heading, marked(of[TEXT], of[INVENTED], "invented", inventedText)];
    if (of[INVENTED].length) {
      parts.push(element("p", "note made-up", "\u26A0 made up: " + of[INVENTED].map(function (span) {
        return "\u201C" + of[TEXT].slice(span[0], span[1]) + "\u201D (" + span[2] + ")";
      }).join(", ")));
    }
    if (of[COMPARED] !== null) {
      parts.push(element("p", "note", ["compared as: ", element("code", "", of[COMPARED] || "(empty)")]));
    }
    return element("div", "of-model model-" + place % 6, parts);
  }

  function example(row) {
    var of = data.tasks[row[TASK]];
    var heading = element("h4", "", [element("bdi", "", of.name), " ", badge(of)]);
    var template = row[TEMPLATE] < 0 ? "" : ", template " + row[TEMPLATE];
    var where = element("p", "note where", [of.kind + ", example ", element("bdi", "", row[ID]), template]);
    var asked = element("p", "text asked", row[INPUTS]);
    asked.dir = "auto";
    asked.tabIndex = 0;
    asked.setAttribute("aria-label", "What the models were asked");
    var answers = row[ANSWERS].map(function (_, place) { return answer(row, place); });
    return element("article", "example", [heading, where, asked, element("div", "answers", [reference(row)].concat(answers))]);
  }

  function badge(of) {
    if (of.heldOut) return element("span", "badge held-out", "held out");
    // Of several models it is said in the tables, since not all trained on the same.
    return data.models.length > 2 ? "" : element("span", "badge trained", "trained on");
  }

  // The figures of the one task that is shown.
  function figures() {
    var place = one("task-figures");
    place.replaceChildren();
    place.hidden = task.value === "";
    if (place.hidden) return;
    var of = data.tasks[Number(task.value)];
    var head = element("tr", "", [element("th", "", "Score")].concat(data.models.map(function (label, model) {
      return element("th", "number", [tag(model), " ", element("bdi", "", label)]);
    })));
    var rows = of.figures.map(function (figure) {
      var name = figure.label + (figure.lower ? " (lower is better)" : "");
      return element("tr", "", [element("td", "", name), element("td", "number", figure.before)].concat(
        figure.after.map(function (after) {
          var by = element("span", after[3], after[1] + { better: " \u25B2", worse: " \u25BC", unclear: "" }[after[3]]);
          var parts = [after[0] + " ", by];
          if (after[2]) parts.push(element("br"), element("span", "note", after[2]));
          return element("td", "number", parts);
        })
      ));
    });
    var table = element("table", "", [element("thead", "", head), element("tbody", "", rows)]);
    var scroll = element("div", "scroll", table);
    scroll.tabIndex = 0;
    place.append(element("h3", "", [element("bdi", "", of.name), " ", badge(of)]), scroll);
  }

  function draw() {
    list.replaceChildren.apply(list, found.slice(first, first + MOST).map(function (place) {
      return example(data.rows[place]);
    }));
    var last = Math.min(first + MOST, found.length);
    var thousands = function (count) { return count.toLocaleString("en"); };
    one("answers-shown").textContent = found.length
      ? thousands(first + 1) + "\u2013" + thousands(last) + " of " + thousands(found.length) + " examples" +
        (found.length < data.rows.length ? " that fit, of " + thousands(data.rows.length) : "")
      : "No example fits. " + thousands(data.rows.length) + " are here.";
    previous.disabled = first === 0;
    next.disabled = last >= found.length;
    one("pages").hidden = found.length <= MOST;
  }

  function update() {
    first = 0;
    find();
    figures();
    draw();
  }

  function move(by) {
    first = Math.max(0, Math.min(first + by, found.length - 1));
    draw();
    one("answers-heading").scrollIntoView();
    list.focus({ preventScroll: true });
  }

  // ---- what the reader does

  function tasksOfKind() {
    Array.from(task.options).forEach(function (option) {
      var fits = option.value === "" || kind.value === "" || data.tasks[Number(option.value)].kind === kind.value;
      option.hidden = option.disabled = !fits;
      if (!fits && option.selected) task.value = "";
    });
  }

  // report.html#task=NAME opens on one task; the tables' links do the same.
  function followAddress() {
    var wanted = new URLSearchParams(location.hash.slice(1)).get("task");
    if (wanted === null) return;
    var place = data.tasks.findIndex(function (of) { return of.name === wanted; });
    if (place < 0) return;
    clear();
    task.value = String(place);
    update();
    one("answers-heading").scrollIntoView();
  }

  function clear() {
    search.value = kind.value = task.value = show.value = order.value = "";
    model.value = String(data.models.length - 1);
    invented.checked = false;
    tasksOfKind();
  }

  function options(select, names) {
    names.forEach(function (name, place) {
      var option = element("option", "", name[1]);
      option.value = name[0];
      select.append(option);
    });
  }

  var kinds = Array.from(new Set(data.tasks.map(function (of) { return of.kind; }))).sort();
  options(kind, kinds.map(function (name) { return [name, name]; }));
  options(task, data.tasks.map(function (of, place) { return [String(place), of.name]; }));
  options(model, data.models.slice(1).map(function (label, place) {
    return [String(place + 1), letter(place + 1) + ": " + label];
  }));

  var waiting;
  search.addEventListener("input", function () {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  kind.addEventListener("change", tasksOfKind);
  controls.slice(1).forEach(function (control) { control.addEventListener("change", update); });
  one("clear").addEventListener("click", function () { clear(); update(); });
  previous.addEventListener("click", function () { move(-MOST); });
  next.addEventListener("click", function () { move(MOST); });
  addEventListener("hashchange", followAddress);

  // Without scripts the page shows a sample and no controls.
  one("sample").hidden = true;
  one("answers").hidden = false;
  one("model-choice").hidden = data.models.length < 3;
  clear();
  update();
  followAddress();
})();
