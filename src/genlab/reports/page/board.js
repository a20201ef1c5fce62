// The leaderboard: sorting by any column, filtering by text and by setting.
const board = $("#board"), body = $("tbody", board), lines = $$("tr", body);

$$("thead th", board).forEach((head, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sort(head, column));
});

function sort(head, column) {
  const better = head.textContent.includes("↑") ? "descending" : "ascending"; // the best first
  const was = head.getAttribute("aria-sort");
  const now = was ? (was === "ascending" ? "descending" : "ascending") : better;
  for (const other of $$("thead th", board)) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", now);
  const sign = now === "ascending" ? 1 : -1;
  const value = (line) => line.children[column].dataset.value ?? "";
  const numeric = lines.every((line) => value(line) === "" || value(line) === "–" || !Number.isNaN(Number(value(line))));
  const known = (line) => value(line) !== "" && value(line) !== "–";
  const apart = (line) => "apart" in line.children[column].dataset; // not measured like the rest: after them
  lines.sort((a, b) => {
    if (known(a) !== known(b)) return known(a) ? -1 : 1; // what is missing comes last, either way
    if (!known(a)) return a.dataset.row - b.dataset.row;
    if (apart(a) !== apart(b)) return apart(a) ? 1 : -1;
    return sign * (numeric ? value(a) - value(b) : value(a).localeCompare(value(b))) || a.dataset.row - b.dataset.row;
  });
  body.append(...lines);
}

const form = $("#filters"), count = $("#count");
form.hidden = false;
function filter() {
  const words = $("#filter-text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = $$("select", form).filter((choice) => choice.value);
  for (const line of lines) {
    const row = Number(line.dataset.row), text = D.said[row].toLowerCase();
    const fits = words.every((word) => text.includes(word))
      && chosen.every((choice) => line.children[choice.dataset.column].dataset.value === choice.value);
    shown[row] = fits;
    line.hidden = !fits;
  }
  const n = shown.filter(Boolean).length;
  count.textContent = n === shown.length ? `${n} rows` : `${n} of ${shown.length} rows`;
  for (const redraw of redraws) redraw();
}
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(filter));

for (const line of lines) {
  const row = Number(line.dataset.row);
  line.style.setProperty("--dot", colour(row));
  line.addEventListener("pointerenter", () => light(row));
  line.addEventListener("pointerleave", () => light(null));
}
