const means = {
  functions: "publish and change your functions",
  jobs: "run jobs and call functions, at your cost",
  datasets: "upload, read and delete your datasets",
  runners: "lend machines in your name, and earn for you",
  wallet: "see and move your credits",
};
const given = new URLSearchParams(location.search).get("code");
let handle;
let code;

async function look(typed) {
  const device = await ask("GET", `/v1/device?code=${encodeURIComponent(typed)}`);
  show("decide");
  code = device.code;
  element("code").textContent = code;
  element("name").textContent = device.name;
  element("handle").textContent = handle;
  element("scopes").replaceChildren(
    ...device.scopes.map((scope) => {
      const item = document.createElement("li");
      item.textContent = means[scope] ?? scope;
      return item;
    }),
  );
}

async function decide(decision, said) {
  await ask("POST", `/v1/device/${decision}`, { code });
  show("done");
  element("said").textContent = said;
}

on("code-form", "submit", (fields) => look(fields.code));
on("approve", "click", () =>
  decide("approve", "Approved. The device goes on by itself; you can close this page."),
);
on("deny", "click", () => decide("deny", "Refused. The device gets nothing."));

async function start() {
  try {
    ({ handle } = await ask("GET", "/v1/me"));
  } catch (error) {
    if (error.status !== 401) throw error;
    const here = location.pathname + location.search;
    location.replace(`/sign-in?next=${encodeURIComponent(here)}`);
    return;
  }
  show("ask");
  if (given !== null) await look(given);
}
start().catch(showProblem);
