// What the service found in an image, shown.

import { call } from "./api.js";
import { drawChart, legend } from "./chart.js";
import { byId, copyButton, dollars, el, number, percent, svg, table } from "./dom.js";

export const showAnalysis = (found) => [
  found.answer ? part("Answer", el("p", {}, found.answer)) : null,
  part("Description", el("p", {}, found.description)),
  found.objects.length ? part("Objects", el("ul", { class: "chips" }, found.objects.map((name) => el("li", {}, name)))) : null,
  found.text ? part("Text", el("pre", { tabindex: 0, role: "region", "aria-label": "Text in the image" }, found.text), copyButton(() => found.text, "Copy the text")) : null,
  found.colors.length ? part("Colors", el("ul", { class: "chips" }, found.colors.map(swatch))) : null,
  found.chart ? part("Chart", ...chartParts(found.chart)) : null,
  facts(found, `${found.width} × ${found.height} pixels, ${found.format}`),
];

export function showText(found) {
  if (!found.words.length) return [el("p", {}, "No text was found in this image."), notes(found.corrections)];
  const boxes = found.words.map((word) => boxOf(word));
  byId("overlay").replaceChildren(svg("svg", { viewBox: `0 0 ${found.width} ${found.height}`, "aria-hidden": "true" }, boxes));
  const lines = found.lines.map((line) => {
    const inside = boxes.filter((_, i) => within(found.words[i].box, line.box));
    const light = (on) => () => inside.forEach((box) => box.classList.toggle("lit", on));
    return el("li", { onmouseenter: light(true), onmouseleave: light(false) },
      el("span", { class: "words" }, line.text), el("span", { class: `sure ${sureness(line.confidence)}` }, percent(line.confidence)));
  });
  const show = el("input", { type: "checkbox", id: "boxes", checked: true });
  show.addEventListener("change", () => { byId("overlay").hidden = !show.checked; });
  byId("overlay").hidden = false;
  return [
    el("p", { class: "row" }, el("label", { class: "check", for: "boxes" }, show, " Show where the words are"), copyButton(() => found.text, "Copy the text")),
    el("ol", { class: "lines", tabindex: 0, "aria-label": "Lines, with how sure the engine is" }, lines),
    facts({ engine: found.engine, confidence: found.confidence, notes: found.corrections }, `${found.words.length} words, ${found.languages}`),
  ];
}

export const showChart = (found) => [...chartParts(found), facts(found)];

export function showMatches(found) {
  if (!found.matches.length) return [el("p", {}, "Nothing in the index resembles this image."), facts(found)];
  const rows = found.matches.map((match) => el("li", {}, thumbnail(match),
    el("div", {}, el("p", {}, match.caption || match.id || "without a caption"),
      source(match) ? el("p", { class: "small soft break" }, source(match)) : null),
    el("span", { class: "score" }, match.score === null ? "" : match.score.toFixed(3))));
  return [found.answer ? part("Answer", el("p", {}, found.answer)) : null, el("ol", { class: "matches", "aria-label": "The closest first, with their similarity" }, rows), facts(found)];
}

// Where it is, unless the caption says so already.
function source(match) {
  const place = String(match.metadata?.source ?? "");
  return match.caption && place.endsWith(match.caption) ? "" : place;
}

const part = (title, ...content) => el("div", { class: "part" }, el("h3", {}, title), content);

function chartParts(chart) {
  const names = legend(chart);
  const heads = ["series", chart.x_axis?.label || "x", chart.y_axis?.label || "y"];
  const rows = chart.series.flatMap((series) => series.points.map((point) => [series.name ?? "", point.x, point.y]));
  const used = chart.series.length > 1 ? rows : rows.map((row) => row.slice(1));
  const shown = chart.series.length > 1 ? heads : heads.slice(1);
  const plain = (cell) => (typeof cell === "number" ? number(cell) : cell);
  const numeric = new Set(shown.map((_, i) => i).filter((i) => used.every((row) => typeof row[i] === "number")));
  return [
    el("p", {}, el("strong", {}, chart.title || "Untitled"), el("span", { class: "soft" }, ` · ${chart.kind.replace("_", " ")} chart`)),
    names.length ? el("ul", { class: "legend" }, names.map((name, i) => el("li", {}, svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: `c${i % 8}`, width: 10, height: 10, rx: 2 })), name))) : null,
    drawChart(chart),
    table(shown, used.map((row) => row.map(plain)), { caption: "Values that were read", numeric }),
    copyButton(() => csv([shown, ...used]), "Copy as CSV"),
  ];
}

// A cell that a spreadsheet would run as a formula gets an apostrophe: labels come from an image.
function csv(rows) {
  const cell = (value) => {
    const words = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\n");
}

function swatch(color) {
  const fill = /^#[0-9a-f]{6}$/i.test(color.hex) ? color.hex : "#000000";
  return el("li", {}, svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, svg("rect", { class: "edge", width: 10, height: 10, rx: 2, fill })), `${color.name} ${percent(color.share)}`);
}

function boxOf(word) {
  const { left, top, width, height } = word.box;
  return svg("rect", { class: `box ${sureness(word.confidence)}`, x: left, y: top, width, height, rx: 2 }, svg("title", {}, `${word.text} (${percent(word.confidence)})`));
}

const sureness = (confidence) => (confidence >= 0.8 ? "sure-yes" : confidence >= 0.5 ? "sure-partly" : "sure-no");
const within = (word, line) =>
  word.left >= line.left && word.top >= line.top && word.left + word.width <= line.left + line.width && word.top + word.height <= line.top + line.height;

function thumbnail(match) {
  const place = el("span", { class: "thumb" });
  const kept = /^[0-9a-f]{64}$/.test(match.id ?? "") ? `api/v1/images/${match.id}/thumbnail` : `api/v1/vision/found/${encodeURIComponent(match.id)}/thumbnail`;
  if (match.id) call(kept).then(async (answer) => place.append(el("img", { alt: "", src: URL.createObjectURL(await answer.blob()) }))).catch(() => {});
  return place;
}

const notes = (texts = []) => (texts.length ? el("ul", { class: "notes" }, texts.map((each) => el("li", {}, each))) : null);

// Who looked, how sure it is, what it cost, and what is doubtful.
function facts(found, more = "") {
  const tokens = found.usage ? `${number(found.usage.total_tokens)} tokens` : "";
  const cost = found.cost === null || found.cost === undefined ? "" : dollars(found.cost);
  const told = [found.engine === "offline" ? "measured without a model" : `by ${found.engine}`, `confidence ${percent(found.confidence ?? 0)}`, more, tokens, cost, found.cached ? "answered from the cache" : ""];
  return el("div", { class: "facts" }, notes(found.notes), el("p", { class: "small soft" }, told.filter(Boolean).join(" · ")));
}
