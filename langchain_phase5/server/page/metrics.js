// The key metrics of the service, read again every few seconds while somebody looks.

import { getJson, problemBox } from "./api.js";
import { byId, date, dollars, el, number, percent, seconds } from "./dom.js";

const EVERY = 5000;
const SHOWN = { count: number, seconds, usd: dollars, share: percent };
let timer = null;

export function showMetrics() {
  clearInterval(timer);
  timer = setInterval(() => { if (!document.hidden) load(); }, EVERY);
  return load();
}

export function leaveMetrics() { clearInterval(timer); }

async function load() {
  try {
    const { groups, time } = await getJson("api/v1/metrics/summary");
    const seen = groups.filter((group) => group.values.some((each) => each.value));
    byId("metrics-body").replaceChildren(...(seen.length ? seen.map(group) : [empty()]), footnote(time));
  } catch (error) {
    leaveMetrics();
    byId("metrics-body").replaceChildren(problemBox(error));
  }
}

const group = ({ title, values }) => el("section", { class: "group", "aria-label": title }, el("h2", {}, title), el("dl", { class: "tiles" }, values.map(tile)));
const tile = ({ name, value, unit, detail }) => el("div", { class: "tile" },
  el("dt", {}, name), el("dd", {}, el("span", { class: "big" }, value === null ? "none yet" : SHOWN[unit](value)), detail ? el("span", { class: "sub" }, detail) : null));

const empty = () => el("div", { class: "card" }, el("p", {}, "Nothing has happened yet. Look at an image, route a question or run an evaluation, and it is counted here."));
const footnote = (time) => el("p", { class: "small soft" }, `Since the service started; read ${date(time)}. Prometheus reads everything at `, el("a", { href: "metrics", "data-needs-key": true }, "/metrics"),
  "; the dashboards and alerts in the repository's dashboards folder are made for it.");
