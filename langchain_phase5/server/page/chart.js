// Draws a chart again from the numbers that were read, to hold against the picture.

import { number, svg } from "./dom.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT] = [640, 340, 62, 628, 14, 290];
const COLORS = 8;
const LONGEST_LABEL = 12;

export function drawChart(chart) {
  const series = chart.series.filter((each) => each.points.length);
  if (!series.length) return null;
  const parts = chart.kind === "pie" ? pie(series[0].points) : plot(chart, series);
  const title = `${chart.kind.replace("_", " ")} chart${chart.title ? `: ${chart.title}` : ""}, redrawn from the values in the table`;
  return svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title }, parts);
}

// What the colors mean, where there is more than one.
export function legend(chart) {
  if (chart.kind === "pie") return chart.series[0]?.points.map((point) => String(point.x)) ?? [];
  return chart.series.length > 1 ? chart.series.map((each, i) => each.name ?? `series ${i + 1}`) : [];
}

const color = (i) => `c${i % COLORS}`;
const text = (x, y, words, anchor = "middle") => svg("text", { x, y, "text-anchor": anchor }, words);
const cut = (words) => (words.length > LONGEST_LABEL ? `${words.slice(0, LONGEST_LABEL - 1)}…` : words);

function plot(chart, series) {
  const asPoints = ["line", "area", "scatter"].includes(chart.kind);
  const stacked = chart.kind === "stacked_bar";
  const keys = [...new Set(series.flatMap((each) => each.points.map((point) => point.x)))];
  const numeric = asPoints && keys.every((key) => typeof key === "number");
  const tops = stacked
    ? keys.map((key) => series.reduce((sum, each) => sum + (each.points.find((point) => point.x === key)?.y ?? 0), 0))
    : series.flatMap((each) => each.points.map((point) => point.y));
  const yTicks = ticks(Math.min(...tops, asPoints ? Infinity : 0), Math.max(...tops, asPoints ? -Infinity : 0));
  const y = scale(yTicks[0], yTicks.at(-1), FOOT, TOP);
  const xTicks = numeric ? ticks(Math.min(...keys), Math.max(...keys)) : null;
  const step = (RIGHT - LEFT) / keys.length;
  const x = numeric ? scale(xTicks[0], xTicks.at(-1), LEFT, RIGHT) : (key) => LEFT + step * (keys.indexOf(key) + 0.5);
  const grid = yTicks.flatMap((tick) => [
    svg("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y(tick), y2: y(tick) }),
    text(LEFT - 8, y(tick) + 5, number(tick), "end"),
  ]);
  const every = Math.ceil(keys.length / 10);
  const names = (numeric ? xTicks : keys.filter((_, i) => i % every === 0)).map((key) => text(x(key), FOOT + 20, typeof key === "number" ? number(key) : cut(key)));
  const label = chart.x_axis?.label ? [text((LEFT + RIGHT) / 2, HEIGHT - 6, chart.x_axis.label)] : [];
  const marks = asPoints ? points(chart.kind, series, x, y) : bars(series, keys, x, y, step, stacked);
  return [...grid, ...names, ...label, ...marks];
}

function bars(series, keys, x, y, step, stacked) {
  const wide = step * 0.74;
  const each = stacked ? wide : wide / series.length;
  const reached = new Map(keys.map((key) => [key, 0]));
  return series.flatMap((one, i) => one.points.map((point) => {
    const from = stacked ? reached.get(point.x) : 0;
    const to = from + point.y;
    reached.set(point.x, to);
    const left = x(point.x) - wide / 2 + (stacked ? 0 : each * i);
    return svg("rect", { class: color(i), x: left, width: Math.max(each - 1, 1), y: Math.min(y(from), y(to)), height: Math.abs(y(from) - y(to)) },
      svg("title", {}, `${point.x}: ${number(point.y)}`));
  }));
}

function points(kind, series, x, y) {
  return series.flatMap((one, i) => {
    const dots = one.points.map((point) => svg("circle", { class: color(i), cx: x(point.x), cy: y(point.y), r: kind === "scatter" ? 4 : 3 },
      svg("title", {}, `${point.x}: ${number(point.y)}`)));
    if (kind === "scatter") return dots;
    const path = one.points.map((point, j) => `${j ? "L" : "M"}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join("");
    return [svg("path", { class: `curve ${color(i)}`, d: path }), ...dots];
  });
}

function pie(slices) {
  const whole = slices.reduce((sum, slice) => sum + slice.y, 0) || 1;
  const [x, y, radius] = [WIDTH / 2, HEIGHT / 2, HEIGHT / 2 - 14];
  const at = (share) => [x + radius * Math.sin(2 * Math.PI * share), y - radius * Math.cos(2 * Math.PI * share)].map((each) => each.toFixed(2)).join(" ");
  let reached = 0;
  return slices.map((slice, i) => {
    const share = Math.min(slice.y / whole, 0.99999);
    const path = `M${x} ${y}L${at(reached)}A${radius} ${radius} 0 ${share > 0.5 ? 1 : 0} 1 ${at(reached + share)}Z`;
    reached += share;
    return svg("path", { class: `slice ${color(i)}`, d: path }, svg("title", {}, `${slice.x}: ${number(slice.y)}`));
  });
}

const scale = (low, high, from, to) => (value) => from + ((to - from) * (value - low)) / (high - low || 1);

// Round numbers that span the values: steps of 1, 2 or 5.
function ticks(low, high) {
  if (low === high) [low, high] = [Math.min(low, 0), Math.max(high, low === 0 ? 1 : 0)];
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
