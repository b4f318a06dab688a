// Shows an evaluation's own page in a frame that can reach nothing, not even this page.

import { call, problemBox } from "./api.js";
import { byId } from "./dom.js";

export async function openReport(title, path, body = null) {
  const dialog = byId("report");
  const frame = byId("report-frame");
  byId("report-title").textContent = title;
  byId("report-close").onclick = () => dialog.close();
  byId("report-problem").replaceChildren();
  dialog.showModal();
  try {
    const headers = { Accept: "text/html", ...(body ? { "Content-Type": "application/json" } : {}) };
    const answer = await call(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    const address = URL.createObjectURL(new Blob([await answer.text()], { type: "text/html" }));
    frame.hidden = false;
    frame.src = address;
    dialog.onclose = () => {
      frame.src = "about:blank";
      frame.hidden = true;
      URL.revokeObjectURL(address);
    };
  } catch (error) {
    byId("report-problem").replaceChildren(problemBox(error));
  }
}
