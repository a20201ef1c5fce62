// Settings against a score (parallel coordinates), a score against its cost, and curves over training.
const metric = $("#metric"), cost = $("#cost");
const best = (m) => (D.better[m] === "higher" ? 1 : -1);
const valueOf = (row, m) => (D.cells[row][m] ? D.cells[row][m][0] : NaN);
const rowsWith = (m) => D.names.map((_, row) => row).filter((row) => shown[row] && Number.isFinite(valueOf(row, m)));

function place(key) {
  const values = D.settings.map((row) => row[key]);
  const numeric = values.every((v) => v === "–" || (v !== "" && !Number.isNaN(Number(v))));
  if (!numeric || !values.some((v) => v !== "–")) {
    const kinds = [...new Set(values)];
    const at = (v) => 250 - 200 * (kinds.length > 1 ? kinds.indexOf(v) / (kinds.length - 1) : 0.5);
    return { at, labels: kinds.map((v) => [v, at(v)]) };
  }
  const numbers = values.filter((v) => v !== "–").map(Number);
  const wide = Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= 30;
  const y = scale(numbers, 250, 50, wide);
  const few = [...new Set(numbers)];
  const labels = (few.length <= 6 ? few : y.ticks).map((v) => [number(v), y(v)]);
  if (values.includes("–")) labels.push(["–", 275]);
  return { at: (v) => (v === "–" ? 275 : y(Number(v))), labels };
}

function drawParallel() {
  const m = Number(metric.value), rows = rowsWith(m);
  const columns = [...D.keys.map((name, key) => ({ name, ...place(key), of: (row) => D.settings[row][key] }))];
  const all = scale(rows.map((row) => valueOf(row, m)), best(m) > 0 ? 250 : 50, best(m) > 0 ? 50 : 250);
  columns.push({ name: D.metrics[m], at: (v) => all(v), of: (row) => valueOf(row, m), labels: all.ticks.map((t) => [number(t), all(t)]) });
  const width = roomOf($("#parallel")), x = (i) => 40 + (width - 110) * (columns.length > 1 ? i / (columns.length - 1) : 0.5);
  const nodes = [];
  columns.forEach((column, i) => {
    nodes.push(svg("line", { class: "axis", x1: x(i), x2: x(i), y1: 50, y2: 250 }));
    nodes.push(text(x(i), i % 2 && columns.length > 3 ? 38 : 20, column.name));
    for (const [label, y] of column.labels) nodes.push(text(x(i) + 6, y + 4, label, "start"));
  });
  const order = rows.slice().sort((a, b) => best(m) * (valueOf(a, m) - valueOf(b, m))); // the best on top
  for (const row of order) {
    const points = columns.map((column, i) => `${x(i)},${column.at(column.of(row))}`).join(" ");
    const share = order.length > 1 ? order.indexOf(row) / (order.length - 1) : 1;
    nodes.splice(0, 0, mark(svg("polyline", { class: "mark", points, stroke: visible(share) }), row, `${D.names[row]}: ${number(valueOf(row, m))}`));
  }
  chart($("#parallel"), `Parallel coordinates of ${D.keys.join(", ")} and ${D.metrics[m]}: ${rows.length} rows; the table has the numbers.`, width, 290, nodes);
}

function drawScatter() {
  const m = Number(metric.value), costs = D.costs[cost.value] || [];
  const rows = rowsWith(m).filter((row) => Number.isFinite(costs[row]));
  const width = roomOf($("#scatter")), height = 300, xs = rows.map((row) => costs[row]);
  const wide = xs.length > 0 && Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) >= 30;
  const x = scale(xs, 80, width - 30, wide);
  const y = scale(rows.flatMap((row) => D.cells[row][m].filter(Number.isFinite)), height - 50, 24);
  const nodes = axes(x, y, width, height, cost.value + (wide ? " (logarithmic)" : ""), D.metrics[m]);
  for (const row of rows) {
    const [value, low, high] = D.cells[row][m], cx = x(costs[row]);
    if (Number.isFinite(low) && Number.isFinite(high)) nodes.push(svg("line", { x1: cx, x2: cx, y1: y(low), y2: y(high), stroke: colour(row), "stroke-width": 1.5 }));
    nodes.push(mark(svg("circle", { cx, cy: y(value), r: 5, fill: colour(row) }), row, `${D.names[row]}: ${number(value)}, ${cost.value} ${number(costs[row])}`));
  }
  chart($("#scatter"), `${D.metrics[m]} against ${cost.value}: ${rows.length} rows.`, width, height, nodes);
}

function drawCurves() {
  const term = $("#term").value, logarithmic = $("#log").checked;
  const curves = D.curves[term].filter(([row]) => shown[row]);
  const width = roomOf($("#plot")), height = 360;
  const steps = curves.flatMap(([, , xs]) => [xs[0], xs[xs.length - 1]]);
  const heights = curves.flatMap(([, , , ys]) => ys.slice(ys.length > 20 ? 1 : 0)); // the first mean hides the rest
  const x = scale(steps, 70, width - 20), y = scale(heights, height - 46, 20, logarithmic);
  const nodes = axes(x, y, width, height, "step", term);
  for (const [row, label, xs, ys] of curves) {
    let path = "", pen = "M";
    xs.forEach((step, i) => {
      if (logarithmic && ys[i] <= 0) { pen = "M"; return; }
      path += `${pen}${x(step).toFixed(1)} ${Math.max(8, Math.min(height - 40, y(ys[i]))).toFixed(1)}`;
      pen = "L";
    });
    nodes.push(mark(svg("path", { class: "mark", d: path, stroke: colour(row) }), row, label));
  }
  chart($("#plot"), `${term} over training steps: ${curves.length} runs, from ${number(y.low)} to ${number(y.high)}.`, width, height, nodes);
}

if (metric) {
  for (const name of Object.keys(D.costs)) cost.add(new Option(name));
  const draw = () => { drawParallel(); drawScatter(); };
  metric.addEventListener("change", draw);
  cost.addEventListener("change", drawScatter);
  redraws.push(draw);
}
if ($("#plot")) {
  $("#term").addEventListener("change", drawCurves);
  $("#log").addEventListener("change", drawCurves);
  redraws.push(drawCurves);
}
