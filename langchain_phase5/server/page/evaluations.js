// Datasets, runs and what differs between them; start an evaluation and follow it.

import { call, getJson, postJson, problemBox } from "./api.js";
import { byId, date, el, percent, table } from "./dom.js";
import { openReport } from "./report.js";

const API = "api/v1/eval";
const EVERY = 2000;
const OPEN = new Set(["queued", "running"]);
const VERDICTS = { regression: ["Regression", "bad"], pass: ["No regression", "good"], inconclusive: ["Inconclusive", "warn"] };

let timer = null;
let chosen = [];
let state = null;

export async function showEvaluations() {
  const body = byId("evaluations-body");
  try {
    const [datasets, runs, jobs, agents, metrics] = await Promise.all(
      ["datasets", "runs?limit=100", "results?limit=20", "agents", "metrics"].map((path) => getJson(`${API}/${path}`)));
    state = { datasets: datasets.datasets, runs: runs.runs, total: runs.total, agents: agents.agents, metrics: metrics.metrics };
    chosen = chosen.filter((id) => state.runs.some((run) => run.run_id === id));
    body.replaceChildren(starter(), el("div", { id: "jobs" }), runsCard(), el("div", { id: "comparison" }), datasetsCard());
    showJobs(jobs.evaluations);
  } catch (error) {
    body.replaceChildren(problemBox(error));
  }
}

export function leaveEvaluations() {
  clearTimeout(timer);
  say("");
}

const say = (text) => { byId("evaluations-status").textContent = text; };
const card = (title, ...content) => el("section", { class: "card" }, el("h2", {}, title), content);
const choice = (id, label, options) => el("div", {}, el("label", { for: id }, label), el("select", { id }, options));

function starter() {
  const { agents, datasets, metrics } = state;
  if (!agents.length || !datasets.length) return card("Start an evaluation", missing(agents, datasets));
  const names = [...metrics].sort((a, b) => (b.name === "exact_match") - (a.name === "exact_match"));
  const form = el("form", { class: "fields" },
    choice("agent", "Agent", agents.map(({ name }) => el("option", {}, name))),
    choice("dataset", "Dataset", datasets.map(({ name }) => el("option", {}, name))),
    choice("metric", "Metric", names.map(({ name, description }) => el("option", { value: name, title: description }, name))),
    el("div", {}, el("label", { for: "version" }, "Version ", el("span", { class: "soft" }, "(to compare it by)")), el("input", { id: "version", maxlength: 200, autocomplete: "off", placeholder: "1.1" })),
    el("button", { class: "button", type: "submit" }, "Start"));
  form.addEventListener("submit", start);
  return card("Start an evaluation", form);
}

const missing = (agents, datasets) => [
  agents.length ? null : el("p", {}, "No agent is registered here. Start the service with ", el("code", {}, "langchain-phase5 serve --agents NAME=MODULE:ATTRIBUTE"), ", or hand agents to ", el("code", {}, "create_app(agents=…)"), "."),
  datasets.length ? null : el("p", {}, "There is no dataset yet. Add one below."),
];

async function start(event) {
  event.preventDefault();
  try {
    const wanted = { agent: byId("agent").value, dataset: { name: byId("dataset").value }, metrics: [byId("metric").value], version: byId("version").value.trim() };
    await postJson(`${API}/run`, wanted);
    say("The evaluation has been started.");
    await followJobs();
  } catch (error) {
    byId("jobs").prepend(problemBox(error));
  }
}

function showJobs(jobs) {
  clearTimeout(timer);
  const shown = jobs.filter((job) => OPEN.has(job.state) || job.state === "failed").slice(0, 8);
  byId("jobs").replaceChildren(...(shown.length ? [card("Under way", el("ul", { class: "plain" }, shown.map(jobRow)))] : []));
  if (jobs.some((job) => OPEN.has(job.state)) && !byId("evaluations").hidden) timer = setTimeout(followJobs, EVERY);
}

// Reads only the jobs again, and everything once one of them has ended.
async function followJobs() {
  try {
    const { evaluations } = await getJson(`${API}/results?limit=20`);
    const ended = evaluations.filter((job) => job.state === "succeeded" && !state.runs.some((run) => run.run_id === job.result?.run_id));
    if (!ended.length) return showJobs(evaluations);
    await showEvaluations();
    say(`${ended[0].agent} ${ended[0].version} on ${ended[0].dataset.name}: done.`);
  } catch (error) {
    byId("jobs").replaceChildren(problemBox(error));
  }
}

function jobRow(job) {
  const name = `${job.agent} ${job.version} on ${job.dataset.name}`;
  const { done, total, failed } = job.progress;
  const cancel = el("button", { class: "quiet", type: "button", "aria-label": `Cancel ${name}`, onclick: () => stop(job) }, "Cancel");
  return el("li", {}, el("span", { class: "grow" }, name, job.error ? el("span", { class: "small soft" }, ` ${job.error}`) : null),
    job.state === "failed" ? el("span", { class: "pill bad" }, "failed")
      : [el("progress", { max: total, value: done, "aria-label": `Progress of ${name}` }), el("span", { class: "small soft" }, `${done} of ${total}${failed ? `, ${failed} without an answer` : ""}`), job.cancel_requested ? el("span", { class: "pill" }, "being cancelled") : cancel]);
}

async function stop(job) {
  try {
    await call(`${API}/results/${job.id}/cancel`, { method: "POST" });
    say(`${job.agent} on ${job.dataset.name} is being cancelled.`);
    await followJobs();
  } catch (error) {
    byId("jobs").prepend(problemBox(error));
  }
}

function runsCard() {
  if (!state.runs.length) {
    return card("Runs", el("p", {}, "Nothing has been evaluated yet. Start an evaluation above, or run ", el("code", {}, "langchain-phase5 eval run"), " with this service's database."));
  }
  const rows = state.runs.map((run) => [tick(run), name(run), run.dataset, ...score(run), percent(run.summary.error_rate.value ?? 0), date(Date.parse(run.started_at) / 1000),
    el("button", { class: "quiet", type: "button", "aria-label": `Report of ${name(run)} on ${run.dataset}`, onclick: () => openReport(`${name(run)} on ${run.dataset}`, `${API}/results/${run.run_id}/report`) }, "Report")]);
  const compare = el("button", { class: "button", id: "compare", type: "button", disabled: chosen.length !== 2, onclick: showComparison }, "Compare");
  return card("Runs", el("p", { class: "soft", id: "compare-help" }, "Tick two runs of a dataset to see whether the newer one is worse."),
    table(["Compare", "What was graded", "Dataset", "Score", "95 % interval", "Errors", "Started", "Report"], rows, { caption: "Runs, the newest first", numeric: new Set([3, 4, 5]) }),
    el("div", { class: "row" }, compare, state.total > state.runs.length ? el("span", { class: "small soft" }, `The newest ${state.runs.length} of ${state.total} runs`) : null));
}

const name = (run) => `${run.target} ${run.target_version}`.trim();

function tick(run) {
  const box = el("input", { type: "checkbox", "aria-label": `Compare ${name(run)} on ${run.dataset}, ${date(Date.parse(run.started_at) / 1000)}`, checked: chosen.includes(run.run_id), "data-run": run.run_id });
  box.addEventListener("change", () => {
    chosen = chosen.filter((id) => id !== run.run_id);
    if (box.checked) chosen = [...chosen, run.run_id].slice(-2);
    for (const each of document.querySelectorAll("[data-run]")) each.checked = chosen.includes(each.dataset.run);
    byId("compare").disabled = chosen.length !== 2;
  });
  return box;
}

function score(run) {
  const [metric, found] = Object.entries(run.summary.scores)[0] ?? [];
  if (!found || found.value === null) return ["none", ""];
  const shown = (value) => (found.value >= 0 && found.value <= 1 ? percent(value) : value.toFixed(2));
  return [el("span", { title: metric }, shown(found.value)), found.low === null ? "" : `${shown(found.low)} to ${shown(found.high)}`];
}

async function showComparison() {
  const place = byId("comparison");
  const [candidate, baseline] = chosen.map((id) => state.runs.find((run) => run.run_id === id)).sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
  const asked = { baseline: baseline.run_id, candidate: candidate.run_id };
  try {
    const found = await postJson(`${API}/compare`, asked);
    place.replaceChildren(comparison(found, asked, `${name(candidate)} against ${name(baseline)}`));
    say(`${VERDICTS[found.verdict][0]}: ${name(candidate)} against ${name(baseline)}.`);
  } catch (error) {
    place.replaceChildren(problemBox(error));
    say("The runs could not be compared.");
  }
  place.scrollIntoView({ block: "nearest" });
}

function comparison(found, asked, title) {
  const [verdict, kind] = VERDICTS[found.verdict];
  const told = found.regressions.length ? found.regressions : found.findings.slice(0, 1);
  return card(title,
    el("p", {}, el("span", { class: `pill ${kind}` }, verdict), ` over ${found.paired} examples that both were asked`),
    el("ul", {}, told.map((each) => el("li", {}, each.message))),
    el("button", { class: "quiet", type: "button", onclick: () => openReport(title, `${API}/compare`, asked) }, "Open the whole comparison"));
}

function datasetsCard() {
  const rows = state.datasets.map(({ name: known, versions: [newest, ...older] }) => [known, el("code", {}, newest.version), String(newest.size), String(older.length), date(Date.parse(newest.created_at) / 1000), newest.description, past(known)]);
  const file = el("input", { class: "hidden-input", id: "dataset-file", type: "file", accept: ".jsonl", onchange: (event) => add(event.target.files[0]) });
  return card("Datasets",
    rows.length ? table(["Name", "Version", "Examples", "Older versions", "Saved", "About", "Scores over time"], rows, { caption: "Datasets, the one saved last first", numeric: new Set([2, 3]) })
      : el("p", {}, "A dataset is a file with one question and its answer a line: ", el("code", {}, '{"query": "Capital of France?", "answer": "Paris"}')),
    el("p", { class: "picker" }, file, el("label", { class: "button second", for: "dataset-file" }, "Add a .jsonl file")));
}

const past = (dataset) => !state.runs.some((run) => run.dataset === dataset) ? "no run yet"
  : el("button", { class: "quiet", type: "button", "aria-label": `History of ${dataset}`, onclick: () => openReport(`History of ${dataset}`, `${API}/runs?dataset=${encodeURIComponent(dataset)}`) }, "History");

async function add(file) {
  if (!file) return;
  const fields = new FormData();
  fields.set("file", file);
  fields.set("name", file.name.replace(/\.jsonl$/i, ""));
  try {
    const kept = await (await call(`${API}/datasets`, { method: "POST", body: fields })).json();
    await showEvaluations();
    say(`${kept.name} is kept, with ${kept.size} examples.`);
  } catch (error) {
    byId("comparison").replaceChildren(problemBox(error));
    say("The file could not be added.");
  }
}
