// biome-ignore-all lint/correctness/noUnusedVariables: a page's own script follows in the same element
const element = (id) => document.getElementById(id);

/** Asks the server; throws its problem as an Error with status. */
async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 204) return undefined;
  const answer = await response.json();
  if (response.ok) return answer;
  const { detail, details } = answer;
  const error = new Error(details?.hint ? `${detail} ${details.hint}` : detail);
  throw Object.assign(error, { status: response.status });
}

/** Shows one of the page's sections. */
function show(id) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
  element("problem").textContent = "";
}

function showProblem(error) {
  element("problem").textContent =
    error instanceof TypeError ? "The server does not answer." : error.message;
}

/** Runs `work` when a form is sent or a button pressed, once at a time; what it throws is shown. */
function on(id, event, work) {
  const source = element(id);
  source.addEventListener(event, async (happened) => {
    happened.preventDefault();
    const buttons = document.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    element("problem").textContent = "";
    try {
      await work(event === "submit" ? fieldsOf(source) : undefined);
    } catch (error) {
      showProblem(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });
}

function fieldsOf(form) {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
}
