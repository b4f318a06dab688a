"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const compared = data.runs.length > 1;
const metric = data.metrics[0];
const PAGE = 100;
const state = { sort: null, up: true, shown: PAGE, open: new Set() };

const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== "") node.append(child);
  return node;
};
const mean = (values) => values.length ? values.reduce((a, b) => a + b, 0) / values.length : null;
const known = (values) => values.filter((value) => value !== null && value !== undefined);
const seconds = (s) => s === null || s === undefined ? "" : s >= 100 ? `${s.toFixed(0)} s` : s >= 1 ? `${s.toFixed(2)} s` : s >= 0.001 ? `${(s * 1000).toFixed(s >= 0.1 ? 0 : 1)} ms` : `${(s * 1e6).toFixed(0)} µs`;
const money = (c) => c === null || c === undefined ? "" : c === 0 ? "$0" : c < 0.01 ? `$${c.toPrecision(2)}` : `$${c.toFixed(4)}`;
const points = (v) => v === null ? "" : Number.isInteger(v) ? String(v) : v.toFixed(3).replace(/0+$/, "");
const text = (value) => {
  if (typeof value === "string") return value;
  const short = JSON.stringify(value);
  return short.length <= 90 ? short : JSON.stringify(value, null, 1);
};

for (const example of data.examples) {
  example.sides = data.runs.map((_, side) => {
    const tries = example.runs[side] || [];
    const score = (name) => mean(known(tries.map((each) => each.scores?.[name])));
    const failed = tries.filter((each) => each.error).length;
    const value = score(metric);
    const status = !tries.length ? "missing" : failed === tries.length ? "error" : value === null ? "unscored" : value >= 1 ? "right" : value <= 0 ? "wrong" : "partly";
    return { tries, score, failed, value, status, seconds: mean(known(tries.filter((each) => !each.error).map((each) => each.seconds))), cost: mean(known(tries.map((each) => each.cost))) };
  });
  const [a, b] = example.sides;
  example.change = b && a.value !== null && b.value !== null ? b.value - a.value : null;
  example.haystack = [example.id, example.query, example.category, example.expected, ...example.sides.flatMap((side) => side.tries.map((each) => `${each.answer ?? ""} ${each.error ? each.error.type + " " + each.error.message : ""}`))].join("\n").toLowerCase();
}

const PILL = { right: "good", wrong: "bad", error: "bad", partly: "warn" };
const scorePill = (side) => el("span", { class: `pill ${PILL[side.status] || ""}` }, side.status === "error" ? "error" : side.status === "missing" ? "not run" : side.value === null ? "no score" : points(side.value));

const columns = [
  { name: "Question", class: "text", value: (e) => e.query.toLowerCase(), cell: (e) => el("button", { type: "button", "aria-expanded": state.open.has(e.id) }, el("span", { class: "clip" }, e.query || e.id)) },
  data.categories.length ? { name: "Category", value: (e) => e.category, cell: (e) => e.category } : null,
  ...data.runs.map((run, i) => ({ name: compared ? run.name : "Answer", class: "text", value: (e) => e.sides[i].tries[0]?.answer ?? "", cell: (e) => el("div", { class: "clip" }, answerOf(e.sides[i])) })),
  { name: "Expected", class: "text", value: (e) => e.expected, cell: (e) => el("div", { class: "clip muted" }, e.expected) },
  ...(compared
    ? [...data.runs.map((run, i) => ({ name: i ? "After" : "Before", title: `${metric}, ${run.name}`, value: (e) => e.sides[i].value ?? -1, cell: (e) => scorePill(e.sides[i]) })),
       { name: "Change", class: "num", value: (e) => e.change ?? 0, cell: (e) => e.change ? el("b", { class: e.change > 0 ? "good-ink" : "bad-ink" }, (e.change > 0 ? "+" : "−") + points(Math.abs(e.change))) : "" },
       { name: "Time", class: "num", value: (e) => e.sides[1].seconds ?? -1, cell: (e) => seconds(e.sides[1].seconds) }]
    : [...data.metrics.map((name) => ({ name, value: (e) => e.sides[0].score(name) ?? -1, cell: (e) => name === metric ? scorePill(e.sides[0]) : points(e.sides[0].score(name)) })),
       { name: "Time", class: "num", value: (e) => e.sides[0].seconds ?? -1, cell: (e) => seconds(e.sides[0].seconds) },
       data.examples.some((e) => e.sides[0].cost !== null) ? { name: "Cost", class: "num", value: (e) => e.sides[0].cost ?? -1, cell: (e) => money(e.sides[0].cost) } : null]),
].filter(Boolean);

function answerOf(side) {
  const first = side.tries[0];
  if (!first) return "";
  return first.error ? el("span", { class: "bad-ink" }, `${first.error.type}: ${first.error.message}`) : first.answer;
}

const FILTERS = {
  all: ["All", () => true],
  wrong: ["Not right", (e) => e.sides.at(-1).status !== "right"],
  right: ["Right", (e) => e.sides.at(-1).status === "right"],
  error: ["Errors", (e) => e.sides.some((side) => side.failed)],
  ...(compared ? { changed: ["Changed", (e) => e.change], worse: ["Got worse", (e) => e.change < 0], better: ["Got better", (e) => e.change > 0] } : {}),
};

function stepList(steps) {
  return el("ol", { class: "steps" }, steps.map((step) => el("li", { class: `${step.kind} ${step.error ? "failed" : ""}` },
    el("div", { class: "head" }, el("b", {}, step.name), el("span", {}, step.kind), el("span", {}, seconds(step.seconds)), step.error ? el("span", { class: "pill bad" }, step.error === "error" ? "failed" : step.error) : null),
    step.kind === "tool" && step.input ? el("pre", {}, text(step.input)) : null,
    (step.tool_calls || []).map((call) => el("div", { class: "muted" }, "calls ", el("code", {}, `${call.function.name}(${call.function.arguments})`))),
    step.output ? el("div", { class: "full muted" }, text(step.output)) : null)));
}

function tryBlock(run, index, each, many) {
  const scores = Object.entries(each.scores || {}).map(([name, value]) => el("span", { class: `pill ${value >= 1 ? "good" : value <= 0 ? "bad" : "warn"}` }, `${name} ${points(value)}`));
  const facts = [seconds(each.seconds), money(each.cost), each.input_tokens ? `${each.input_tokens} + ${each.output_tokens} tokens` : "", each.attempts > 1 ? `${each.attempts} attempts` : ""].filter(Boolean).join(" · ");
  return el("div", { class: "block" },
    el("h3", {}, compared ? el("span", {}, el("span", { class: `dot r${index}` }), run.name) : null, many ? `Run ${each.repeat + 1}` : null, scores, el("span", { class: "muted" }, facts)),
    each.error ? [el("h4", {}, "Error"), el("p", { class: "full bad-ink" }, `${each.error.type}: ${each.error.message}`), el("pre", {}, each.error.trace)] : [el("h4", {}, "Answer"), el("p", { class: "full" }, each.answer || "(empty)")],
    Object.entries(each.comments || {}).map(([name, comment]) => [el("h4", {}, name), el("p", { class: "full muted" }, comment)]),
    Object.entries(each.metric_errors || {}).map(([name, failure]) => [el("h4", {}, `${name} failed`), el("p", { class: "full bad-ink" }, `${failure.type}: ${failure.message}`), el("pre", {}, failure.trace)]),
    each.steps?.length ? [el("h4", {}, "Steps"), stepList(each.steps)] : null);
}

function detail(example) {
  const part = (title, ...content) => el("div", {}, el("h3", {}, title), content);
  const question = el("div", { class: "block wide" },
    part("Question", el("p", { class: "full" }, example.query), example.inputs ? el("pre", {}, text(example.inputs)) : null),
    part("Expected", el("p", { class: "full" }, example.expected || "no reference"), example.reference ? el("pre", {}, text(example.reference)) : null),
    part("Example", el("p", { class: "full mono muted" }, example.id)));
  const runs = data.runs.flatMap((run, i) => example.sides[i].tries.map((each) => tryBlock(run, i, each, example.sides[i].tries.length > 1)));
  return el("tr", { class: "detail" }, el("td", { colspan: columns.length }, el("div", { class: "two" }, question, runs)));
}

function chosen() {
  const needle = document.getElementById("search").value.trim().toLowerCase();
  const category = document.getElementById("category")?.value ?? "";
  const keep = FILTERS[document.getElementById("show").value][1];
  const rows = data.examples.filter((e) => keep(e) && (!category || e.category === category) && (!needle || e.haystack.includes(needle)));
  if (state.sort !== null) {
    const { value } = columns[state.sort];
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    rows.sort((a, b) => order(value(a), value(b)) * (state.up ? 1 : -1));
  }
  return rows;
}

function toggle(example) {
  state.open.has(example.id) ? state.open.delete(example.id) : state.open.add(example.id);
  draw();
  document.querySelector(`tr[data-id="${CSS.escape(example.id)}"] button`)?.focus({ preventScroll: true });
}

function draw() {
  const rows = chosen();
  document.querySelectorAll("#examples thead th").forEach((th, i) => th.setAttribute("aria-sort", state.sort === i ? (state.up ? "ascending" : "descending") : "none"));
  document.querySelector("#examples tbody").replaceChildren(...rows.slice(0, state.shown).flatMap((example) => {
    const open = state.open.has(example.id);
    const row = el("tr", { class: open ? "row open" : "row", "data-id": example.id, onclick: () => toggle(example) },
      columns.map((column) => el("td", { class: column.class }, column.cell(example))));
    return open ? [row, detail(example)] : [row];
  }));
  document.getElementById("count").textContent = (rows.length === data.examples.length ? "" : `${rows.length} of `) + `${data.examples.length} ${data.examples.length === 1 ? "example" : "examples"}`;
  document.getElementById("more").hidden = rows.length <= state.shown;
}

function reset() { state.shown = PAGE; draw(); }

document.querySelector("#examples thead").append(el("tr", {}, columns.map((column, i) => el("th", { class: column.class, title: column.title },
  el("button", { type: "button", onclick: () => { state.up = state.sort === i ? !state.up : true; state.sort = i; draw(); } }, column.name)))));
document.getElementById("show").append(...Object.entries(FILTERS).map(([key, [name]]) => el("option", { value: key }, name)));
document.getElementById("category")?.append(el("option", { value: "" }, "All categories"), ...data.categories.map((name) => el("option", {}, name)));
for (const id of ["search", "category", "show"]) document.getElementById(id)?.addEventListener("input", reset);
document.getElementById("more").addEventListener("click", () => { state.shown += PAGE; draw(); });
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
if (location.hash.startsWith("#example=")) state.open.add(decodeURIComponent(location.hash.slice(9)));
draw();
