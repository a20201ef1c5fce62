// What all parts of the page share: the data, which rows are shown, which one is pointed at, and SVG.
const D = JSON.parse(document.getElementById("data").textContent);
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const shown = D.names.map(() => true);
const redraws = [];

const FEW = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f"];
const VIRIDIS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

function ramp(share) {
  const place = Math.min(0.9999, Math.max(0, share)) * (VIRIDIS.length - 1), i = Math.floor(place);
  const mix = VIRIDIS[i].map((c, k) => Math.round(c + (VIRIDIS[i + 1][k] - c) * (place - i)));
  return `rgb(${mix.join(",")})`;
}
const dark = matchMedia("(prefers-color-scheme: dark)");
const visible = (share) => ramp((dark.matches ? 0.3 : 0) + 0.75 * share * (dark.matches ? 0.93 : 1.1)); // on this paper
const colour = (row) => D.names.length <= FEW.length ? FEW[row] : visible(row / (D.names.length - 1));

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  for (const child of children) node.append(child);
  return node;
}
const text = (x, y, content, anchor = "middle") => svg("text", { x, y, "text-anchor": anchor }, content);

// A mark of a row: pointing at it lights the row up everywhere, and its title says what it is.
function mark(node, row, title) {
  node.dataset.row = row;
  node.append(svg("title", {}, title));
  node.addEventListener("pointerenter", () => light(row));
  node.addEventListener("pointerleave", () => light(null));
  return node;
}
function light(row) {
  for (const node of $$(".lit")) node.classList.remove("lit");
  if (row !== null) for (const node of $$(`[data-row="${row}"]`)) node.classList.add("lit");
}

function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1);
  return String(Number(value.toPrecision(4)));
}
// Round places for an axis from low to high: about five.
function ticks(low, high) {
  const raw = (high - low || Math.abs(high) || 1) / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw);
  const places = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) places.push(i * step);
  return places;
}
// A scale from [low, high] to [from, to] that survives low = high; logarithmic where asked for.
function scale(values, from, to, logarithmic = false) {
  const f = logarithmic ? Math.log10 : (x) => x;
  const good = values.filter((v) => Number.isFinite(v) && (!logarithmic || v > 0));
  let low = Math.min(...good), high = Math.max(...good);
  if (!good.length) [low, high] = [logarithmic ? 1 : 0, logarithmic ? 10 : 1];
  if (low === high) [low, high] = logarithmic ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const at = (v) => from + (to - from) * (f(v) - f(low)) / (f(high) - f(low));
  at.low = low; at.high = high;
  at.ticks = logarithmic
    ? ticks(Math.log10(low), Math.log10(high)).filter((t) => Number.isInteger(t)).map((t) => 10 ** t)
    : ticks(low, high);
  if (at.ticks.length < 2) at.ticks = [low, high];
  return at;
}
const roomOf = (place) => Math.max(300, place.clientWidth);
function chart(place, label, width, height, nodes) {
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...nodes);
  place.replaceChildren(picture);
}
function axes(x, y, width, height, xName, yName) {
  const nodes = [];
  for (const t of x.ticks) nodes.push(svg("line", { class: "axis", x1: x(t), x2: x(t), y1: 14, y2: height - 40 }), text(x(t), height - 24, number(t)));
  for (const t of y.ticks) nodes.push(svg("line", { class: "axis", x1: 64, x2: width - 12, y1: y(t), y2: y(t) }), text(58, y(t) + 4, number(t), "end"));
  nodes.push(text((64 + width) / 2, height - 6, xName), text(64, 9, yName, "start"));
  return nodes;
}
