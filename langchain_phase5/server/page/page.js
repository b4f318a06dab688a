// Shows one part of the page at a time, by the address after the #.

import { offerToForget, openWithKey } from "./api.js";
import { byId } from "./dom.js";
import { leaveEvaluations, showEvaluations } from "./evaluations.js";
import { startImages } from "./images.js";
import { leaveMetrics, showMetrics } from "./metrics.js";

const PARTS = { images: () => {}, evaluations: showEvaluations, metrics: showMetrics };
const TITLES = { images: "Images", evaluations: "Evaluations", metrics: "Metrics" };

function show() {
  const name = location.hash.slice(1) in PARTS ? location.hash.slice(1) : "images";
  for (const each of Object.keys(PARTS)) byId(each).hidden = each !== name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${TITLES[name]} - langchain-phase5`;
  leaveMetrics();
  leaveEvaluations();
  PARTS[name]();
}

addEventListener("hashchange", () => {
  if (location.hash === "#content") return;
  show();
  scrollTo(0, 0);
});
offerToForget();
openWithKey();
startImages();
show();
