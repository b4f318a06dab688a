// Choose an image, say what to do with it, see what was found.

import { call, problemBox } from "./api.js";
import { byId, el, seconds } from "./dom.js";
import { showAnalysis, showChart, showMatches, showText } from "./findings.js";
import { sampleChart, sampleLetter } from "./samples.js";

const ACTIONS = {
  analyze: { doing: "Looking at the image", title: "What is in it", show: showAnalysis, asks: true },
  ocr: { doing: "Reading the text", title: "Text", show: showText },
  "chart-data": { doing: "Reading the chart", title: "Chart", show: showChart },
  rag: { doing: "Searching", title: "Similar images", show: showMatches, asks: true },
};

let file = null;
let pending = null;
let running = null;

export function startImages() {
  byId("file").addEventListener("change", (event) => choose(event.target.files[0]));
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    look(event.submitter?.value ?? "analyze");
  });
  byId("sample-chart").addEventListener("click", async () => choose(await sampleChart()));
  byId("sample-letter").addEventListener("click", async () => choose(await sampleLetter()));
  acceptDrops(byId("drop"));
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])][0];
    if (pasted) choose(pasted);
  });
}

function acceptDrops(area) {
  const over = (on) => (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    area.classList.toggle("over", on);
  };
  for (const name of ["dragenter", "dragover"]) area.addEventListener(name, over(true));
  area.addEventListener("dragleave", over(false));
  area.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
  });
}

function choose(chosen) {
  if (!chosen) return;
  file = chosen;
  pending?.abort();
  showPreview(chosen);
  byId("picture-name").textContent = `${chosen.name}, ${size(chosen.size)}`;
  byId("picture").hidden = false;
  byId("invitation").hidden = true;
  byId("overlay").replaceChildren();
  byId("found-title").textContent = "Result";
  byId("finding").replaceChildren(el("p", { class: "soft" }, "Say what to do with it: describe it, read its text or its chart, or find images like it."));
  byId("images-status").textContent = `${chosen.name} is chosen.`;
}

// A PDF or HEIC file the service can read, and the browser cannot show.
function showPreview(chosen) {
  const preview = byId("preview");
  const shown = (can) => () => {
    preview.parentElement.hidden = !can;
    byId("no-preview").hidden = can;
  };
  URL.revokeObjectURL(preview.src);
  preview.onload = shown(true);
  preview.onerror = shown(false);
  preview.src = URL.createObjectURL(chosen);
  preview.alt = `The chosen image, ${chosen.name}`;
}

async function look(name) {
  const action = ACTIONS[name];
  if (running === name) return;
  if (!file) {
    report(el("p", {}, "Choose an image first: drop one on the field, paste one, or take a drawn one."), "No image is chosen.");
    return;
  }
  pending?.abort();
  const mine = (pending = new AbortController());
  running = name;
  busy(true, `${action.doing} …`);
  const started = performance.now();
  try {
    const answer = await call(`api/v1/vision/${name}`, { method: "POST", body: form(action), signal: mine.signal });
    const found = await answer.json();
    byId("overlay").replaceChildren();
    report(action.show(found), `Done in ${seconds((performance.now() - started) / 1000)}.`, action.title);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("overlay").replaceChildren();
    report(problemBox(error), "That did not work.", action.title);
  } finally {
    if (pending === mine) {
      running = null;
      busy(false);
    }
  }
}

function form(action) {
  const fields = new FormData();
  fields.set("image", file);
  const question = byId("question").value.trim();
  if (action.asks && question) fields.set("query", question);
  return fields;
}

function report(content, status, title = "Result") {
  byId("found-title").textContent = title;
  byId("images-status").textContent = status;
  byId("finding").replaceChildren(...[content].flat().filter(Boolean));
  if (matchMedia("(max-width: 860px)").matches) byId("found").scrollIntoView({ block: "start" });
}

function busy(on, status) {
  byId("found").setAttribute("aria-busy", String(on));
  if (status) byId("images-status").textContent = status;
}

const size = (bytes) => (bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1e3))} kB`);
