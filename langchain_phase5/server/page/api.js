// Requests to the service this page came from, with the key where one is needed.

import { byId, el } from "./dom.js";

const KEY = "langchain-phase5-key";

export class Problem extends Error {
  constructor({ title, detail, status, errors = [], request_id: requestId }) {
    super(detail || title);
    Object.assign(this, { title, status, errors, requestId });
  }

  static unreachable() {
    return new Problem({ title: "No answer", status: 0, detail: "The service does not answer. Is it still running? Try again when it is." });
  }
}

let asking = null;

export async function call(path, options = {}) {
  for (;;) {
    const key = sessionStorage.getItem(KEY);
    const answer = await send(path, options, key);
    if (answer.ok) return answer;
    const problem = await problemOf(answer);
    if (answer.status !== 401) throw problem;
    // Another request may be asking for a key just now, or have been given one in the meantime.
    if (asking || sessionStorage.getItem(KEY) === key) await (asking ??= askForKey(problem, key !== null).finally(() => { asking = null; }));
  }
}

export const getJson = async (path) => (await call(path)).json();
export const postJson = async (path, body) =>
  (await call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();

async function send(path, options, key) {
  try {
    return await fetch(path, { ...options, headers: { ...options.headers, ...(key ? { "X-API-Key": key } : {}) } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Problem.unreachable();
  }
}

async function problemOf(answer) {
  const fallback = { title: answer.statusText || "Error", status: answer.status, detail: `The service answered with status ${answer.status}.` };
  try {
    return new Problem({ ...fallback, ...(await answer.json()) });
  } catch {
    return new Problem(fallback);
  }
}

function askForKey(problem, wasGiven) {
  const dialog = byId("key");
  sessionStorage.removeItem(KEY);
  byId("forget").hidden = true;
  byId("key-problem").textContent = wasGiven ? "That key is unknown, or was revoked." : "";
  byId("key-value").value = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    byId("key-form").onsubmit = (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEY, byId("key-value").value.trim());
      byId("forget").hidden = false;
      dialog.onclose = null;
      dialog.close();
      resolve();
    };
    byId("key-cancel").onclick = () => dialog.close();
    // The browser tells of a closing late: by then the dialog may be open again for the next key.
    dialog.onclose = () => { if (!dialog.open) reject(problem); };
  });
}

export function offerToForget() {
  const button = byId("forget");
  button.hidden = sessionStorage.getItem(KEY) === null;
  button.addEventListener("click", () => {
    sessionStorage.removeItem(KEY);
    location.reload();
  });
}

// Links to what a browser would ask for without the key: opened with it.
export function openWithKey() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-needs-key]");
    if (!link || sessionStorage.getItem(KEY) === null) return;
    event.preventDefault();
    const text = await (await call(link.getAttribute("href"))).text();
    open(URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" })));
  });
}

// Text with its `commands` set apart.
const worded = (text) => text.split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));

// What went wrong, in the service's own words.
export function problemBox(problem) {
  return el("div", { class: "notice bad" },
    el("p", {}, el("strong", {}, problem.title || "Error")),
    el("p", {}, worded(problem.message)),
    problem.errors?.length ? el("ul", {}, problem.errors.map((each) => el("li", {}, el("code", {}, each.pointer), " ", worded(each.detail)))) : null,
    problem.requestId ? el("p", { class: "small soft" }, "Request ", el("code", {}, problem.requestId)) : null);
}
