const query = new URLSearchParams(location.search);
const token = query.get("token");
let byLink = false;
// The link's token has no business in the history or in what is copied from the address bar.
if (token !== null) history.replaceState(null, "", location.pathname);

/** Where to go afterwards: a page of this server, or nowhere. */
function nextPage() {
  const next = query.get("next");
  if (next === null) return undefined;
  const url = new URL(next, location.origin);
  return url.origin === location.origin ? url.href : undefined;
}

async function welcome() {
  const next = nextPage();
  if (next === undefined) await showMe();
  else location.replace(next);
}

async function showMe() {
  const me = await ask("GET", "/v1/me");
  show("me");
  element("title").textContent = "Signed in";
  element("handle").textContent = me.handle;
  element("email").textContent = me.email ?? "";
  element("password-title").textContent = me.hasPassword
    ? "Change the password"
    : "Set a password, to sign in without a link";
  element("email-field").hidden = me.email !== null;
  element("current-field").hidden = !me.hasPassword || byLink;
}

function showForm() {
  const id = location.hash === "#up" ? "up" : "in";
  show(id);
  element("title").textContent = id === "up" ? "Make an account" : "Sign in";
}

on("link-form", "submit", async () => {
  try {
    await ask("POST", "/v1/auth/link", { token });
  } catch (error) {
    showForm();
    throw error;
  }
  byLink = true;
  await welcome();
});
on("in-form", "submit", async (fields) => {
  await ask("POST", "/v1/auth/sign-in/email", fields);
  await welcome();
});
on("up-form", "submit", async (fields) => {
  await ask("POST", "/v1/auth/sign-up/email", fields);
  await welcome();
});
on("password-form", "submit", async (fields) => {
  await ask("POST", "/v1/me/password", fields);
  byLink = false;
  element("password-form").reset();
  await showMe();
  element("said").textContent = "The password is set. Other sessions have ended.";
});
on("out-form", "submit", async () => {
  await ask("POST", "/v1/auth/sign-out");
  showForm();
});
addEventListener("hashchange", () => {
  if (element("me").hidden) showForm();
});

if (token !== null) show("link");
else welcomeIfKnown().catch(showProblem);

async function welcomeIfKnown() {
  try {
    await ask("GET", "/v1/me");
  } catch (error) {
    if (error.status !== 401) throw error;
    showForm();
    return;
  }
  await welcome();
}
