const element = (id) => document.getElementById(id);
const storageKey = "sparegrid-key";
element("curl").textContent = element("curl").textContent.replace("/v1", `${location.origin}/v1`);

async function showState() {
  let ready;
  try {
    const response = await fetch("/readyz");
    ready = response.ok ? await response.json() : undefined;
  } catch {}
  const dot = document.createElement("span");
  dot.className = `dot ${ready ? "ok" : "bad"}`;
  element("state").replaceChildren(dot, ready ? "Ready" : "Not ready");
  if (!ready) return;
  element("runners").textContent = ready.runners;
  element("store").textContent = ready.store;
  element("version").textContent = ready.version;
}

async function showJobs() {
  const key = sessionStorage.getItem(storageKey);
  element("enter").hidden = key !== null;
  if (key === null) return;
  const response = await fetch("/v1/jobs?limit=10", {
    headers: { authorization: `Bearer ${key}` },
  });
  if (response.status === 401) {
    sessionStorage.removeItem(storageKey);
    element("enter").hidden = false;
    element("note").textContent = "This is not the server's key.";
    return;
  }
  const { items } = await response.json();
  element("note").textContent = items.length === 0 ? "No job has run yet." : "";
  element("jobs").hidden = items.length === 0;
  element("jobs").tBodies[0].replaceChildren(...items.map(rowOf));
}

function rowOf(job) {
  const row = document.createElement("tr");
  const started = job.startedAt ?? job.createdAt;
  const took = job.endedAt
    ? `${((Date.parse(job.endedAt) - Date.parse(started)) / 1000).toFixed(2)} s`
    : "";
  for (const text of [job.function, job.status, new Date(started).toLocaleTimeString(), took]) {
    row.insertCell().textContent = text;
  }
  const id = document.createElement("code");
  id.textContent = job.id;
  row.insertCell().append(id);
  return row;
}

element("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(storageKey, element("key").value.trim());
  element("key").value = "";
  refresh();
});

function refresh() {
  if (document.hidden) return;
  showState();
  showJobs().catch(() => {});
}
refresh();
setInterval(refresh, 2000);
