"use strict";
(function () {
  // Conveniences only: long tables can be filtered and sorted, and what is folded is unfolded to be printed,
  // unless it is longer than a thousand rows and nobody has opened it.
  var words = document.body.dataset;
  function cell(row, i) { return row.cells[i] ? row.cells[i].textContent.trim() : ""; }
  function number(text) {
    var digits = text.replace(/[\s\u00a0\u202f,]/g, "");
    return /^\d+$/.test(digits) ? parseInt(digits, 10) : null;
  }
  function compare(a, b) {
    var x = number(a), y = number(b);
    return x !== null && y !== null ? x - y : a < b ? -1 : a > b ? 1 : 0;
  }
  function sortBy(table, head, i) {
    var body = table.tBodies[0], down = head.getAttribute("aria-sort") === "ascending";
    Array.from(table.tHead.rows[0].cells).forEach(function (h) { h.setAttribute("aria-sort", "none"); });
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    Array.from(body.rows)
      .map(function (row, place) { return { row: row, key: cell(row, i), place: place }; })
      .sort(function (a, b) { return (down ? compare(b.key, a.key) : compare(a.key, b.key)) || a.place - b.place; })
      .forEach(function (entry) { body.appendChild(entry.row); });
  }
  function addFilter(table) {
    var rows = Array.from(table.tBodies[0].rows), tools = document.createElement("div"),
      label = document.createElement("label"), input = document.createElement("input"),
      count = document.createElement("span");
    tools.className = "tools";
    label.textContent = words.filter + " ";
    input.type = "search";
    count.setAttribute("aria-live", "polite");
    input.addEventListener("input", function () {
      var wanted = input.value.toLowerCase(), shown = 0;
      rows.forEach(function (row) {
        row.hidden = row.textContent.toLowerCase().indexOf(wanted) < 0;
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = wanted ? words.shown.replace("{shown}", shown).replace("{all}", rows.length) : "";
    });
    label.appendChild(input);
    tools.append(label, count);
    table.parentNode.before(tools);
  }
  document.querySelectorAll("main table:not(.strips)").forEach(function (table) {
    if (table.tBodies[0].rows.length < 12) return;
    addFilter(table);
    Array.from(table.tHead.rows[0].cells).forEach(function (head, i) {
      var handle = document.createElement("span"); // a button would not be printed in repeated heads
      handle.setAttribute("role", "button");
      handle.tabIndex = 0;
      handle.title = words.sort;
      handle.append.apply(handle, Array.from(head.childNodes));
      handle.addEventListener("click", function () { sortBy(table, head, i); });
      handle.addEventListener("keydown", function (event) {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        sortBy(table, head, i);
      });
      head.appendChild(handle);
      head.setAttribute("aria-sort", "none");
    });
  });
  function unfold() {
    document.querySelectorAll("details").forEach(function (d) {
      d.dataset.was = d.open ? "1" : "";
      d.open = d.open || d.querySelectorAll("tr").length <= 1000;
    });
  }
  function fold() {
    document.querySelectorAll("details").forEach(function (d) { d.open = d.dataset.was === "1"; });
  }
  window.addEventListener("beforeprint", unfold);
  window.addEventListener("afterprint", fold);
  window.addEventListener("hashchange", function () {
    var target = document.getElementById(location.hash.slice(1)), folded = target && target.closest("details");
    if (folded && !folded.open) { folded.open = true; target.scrollIntoView(); }
  });
})();
