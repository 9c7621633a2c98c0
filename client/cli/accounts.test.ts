import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post, startTestApi, type TestApi, type TestMember } from "../../api/testing/test-api.ts";
import type { Me } from "../../protocol/http-accounts.ts";
import { startCommand } from "./testing/command.ts";
import { runCommand } from "./testing/in-process.ts";

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  folder = await mkdtemp(join(tmpdir(), "sparegrid-cli-accounts-"));
});
afterAll(async () => {
  await api.end();
  await rm(folder, { recursive: true });
});

/** The real command of someone with a home of their own, without a terminal. */
class Person {
  readonly home: string;
  readonly #env: Record<string, string>;

  constructor(name: string, env: Record<string, string> = {}) {
    this.home = join(folder, name);
    this.#env = { SPAREGRID_URL: api.url, ...env };
  }

  async start(...args: string[]) {
    await mkdir(this.home, { recursive: true });
    return startCommand(args, { folder: this.home, env: this.#env });
  }

  async run(args: string[], input = "") {
    await mkdir(this.home, { recursive: true });
    return runCommand(args, { folder: this.home, env: this.#env, input });
  }

  /** Runs what waits for a code, and decides it as `member`. */
  async runAndDecide(args: string[], member: TestMember, decision: "approve" | "deny") {
    const child = await this.start(...args);
    const exit = once(child, "exit");
    let err = "";
    child.stderr.on("data", (part) => {
      err += part;
    });
    await expect.poll(() => err, { timeout: 20_000 }).toMatch(/compare the code: \S+/);
    const code = /compare the code: (\S+)/.exec(err)![1]!;
    expect(err).toContain(`${api.url}/device?code=${code}`);
    expect((await member.browse(`/v1/device/${decision}`, post({ code }))).status).toBe(204);
    return { child, exit, said: () => err };
  }

  get credentials(): string {
    return join(this.home, ".config", "sparegrid", "credentials.json");
  }
}

test("login gets a key by a code, whoami tells of it, logout revokes it", async () => {
  const ada = await api.member("ada");
  const person = new Person("ada");
  const login = await person.runAndDecide(["login"], ada, "approve");
  expect((await login.exit)[0]).toBe(0);
  expect(login.said()).toContain(`signed in as ada at ${api.url}`);
  expect((await stat(person.credentials)).mode & 0o777).toBe(0o600);
  const { url, key } = JSON.parse(await readFile(person.credentials, "utf8"));
  expect(url).toBe(api.url);

  const who = await person.run(["whoami"]);
  expect(who.out).toContain("ada");
  expect(who.out).toContain(person.credentials);
  expect(who.out).not.toContain(key);
  expect(JSON.parse((await person.run(["whoami", "--json"])).out)).toMatchObject({ handle: "ada" });

  const out = await person.run(["logout"]);
  expect([out.code, out.err]).toEqual([0, `✔ signed out of ${api.url}\n`]);
  const asked = await api.ask("/v1/me", { headers: { authorization: `Bearer ${key}` } });
  expect(asked.status).toBe(401);
  await expect(stat(person.credentials)).rejects.toThrow("ENOENT");
  expect((await person.run(["whoami"])).err).toContain("sparegrid login");
  expect((await person.run(["logout"])).code).toBe(2);
});

test("a refused login says so, and keeps nothing", async () => {
  const bob = await api.member("bob");
  const person = new Person("bob");
  const login = await person.runAndDecide(["login"], bob, "deny");
  expect((await login.exit)[0]).toBe(2);
  expect(login.said()).toContain("it was refused");
  await expect(stat(person.credentials)).rejects.toThrow("ENOENT");
});

test("Ctrl-C ends a login that waits, without a trace", async () => {
  const person = new Person("carl");
  const child = await person.start("login");
  const exit = once(child, "exit");
  let err = "";
  child.stderr.on("data", (part) => {
    err += part;
  });
  await expect.poll(() => err, { timeout: 20_000 }).toContain("compare the code");
  child.kill("SIGINT");
  expect((await exit)[0]).toBe(130);
  expect(err).not.toContain("error");
  await expect(stat(person.credentials)).rejects.toThrow("ENOENT");
});

test("signup makes an account without a browser, and its keys are managed from the command", async () => {
  const person = new Person("dina");
  const short = await person.run(["signup", "--email", "dina@example.org"], "short\n");
  expect([short.code, short.err]).toEqual([2, expect.stringContaining("8 characters")]);
  const made = await person.run(["signup", "--email", "dina@example.org"], "a long password\n");
  expect(made.err).toContain("signed in as dina");
  const again = await person.run(["signup", "--email", "dina@example.org"], "a long password\n");
  expect([again.code, again.err]).toEqual([1, expect.stringContaining("email-taken")]);

  const created = await person.run(["keys", "create", "ci", "--scope", "jobs", "--days", "30"]);
  const key = created.out.trim();
  const asked = await api.ask("/v1/me", { headers: { authorization: `Bearer ${key}` } });
  expect((await asked.json()) as Me).toMatchObject({ handle: "dina", scopes: ["jobs"] });
  expect((await person.run(["keys"])).out).toMatch(/ci +sgk_\S+… +jobs/);
  const revoked = await person.run(["keys", "revoke", key.slice(0, 12)]);
  expect(revoked.err).toContain("revoked ci");
  const later = await api.ask("/v1/me", { headers: { authorization: `Bearer ${key}` } });
  expect(later.status).toBe(401);
  expect(await person.run(["keys", "revoke", "key_none"])).toMatchObject({ code: 2 });
  expect(await person.run(["keys", "create", "x", "--scope", "all"])).toMatchObject({ code: 2 });
});

test("a key comes from flags, then the environment, then DATA_DIR, then the login", async () => {
  const [eva, fin] = [await api.member("eva"), await api.member("fin")];
  const person = new Person("eva");
  const handle = async (...args: string[]) => {
    const { out } = await person.run(["whoami", "--json", ...args]);
    return (JSON.parse(out) as Me).handle;
  };
  await mkdir(join(person.home, ".config", "sparegrid"), { recursive: true });
  await writeFile(person.credentials, JSON.stringify({ url: api.url, key: eva.key }));
  expect(await handle()).toBe("eva");
  await mkdir(join(person.home, ".sparegrid"), { recursive: true });
  const server = join(person.home, ".sparegrid", "credentials.json");
  await writeFile(server, JSON.stringify({ url: api.url, key: api.key }));
  expect(await handle()).toBe("operator");
  expect(await handle("--key", fin.key)).toBe("fin");
  const withKey = new Person("eva", { SPAREGRID_KEY: fin.key });
  const { out } = await withKey.run(["whoami", "--json"]);
  expect((JSON.parse(out) as Me).handle).toBe("fin");
  await writeFile(server, JSON.stringify({ url: "http://127.0.0.1:1", key: api.key }));
  expect(await handle()).toBe("eva");
});

test("the operator hands out a link and suspends", async () => {
  await api.member("gil");
  const operator = new Person("operator", { SPAREGRID_KEY: api.key });
  const { out } = await operator.run(["operator", "link", "gil"]);
  const token = new URL(out.trim()).searchParams.get("token");
  expect((await fetch(`${api.url}/v1/auth/link`, post({ token }))).status).toBe(200);
  expect((await operator.run(["operator", "link"])).out).toContain(`${api.url}/sign-in?token=`);
  await operator.run(["operator", "suspend", "gil"]);
  expect((await operator.run(["operator", "accounts"])).out).toMatch(/gil .*suspended/);
  expect((await operator.run(["operator", "reinstate", "gil"])).err).toContain("gil may come back");
});

test("the operator looks for members, gives roles and quotas", async () => {
  await api.member("iris");
  await api.member("ivo");
  const operator = new Person("operator", { SPAREGRID_KEY: api.key });
  const found = (await operator.run(["operator", "members", "IRIS@"])).out;
  expect(found).toContain("iris@example.org");
  expect(found).not.toContain("ivo");
  expect((await operator.run(["operator", "role", "iris", "operator"])).err).toContain(
    "iris is an operator",
  );
  const { out } = await operator.run(["operator", "members", "--role", "operator", "--json"]);
  const handles = out
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as Me).handle);
  expect(handles).toEqual(["operator", "iris"]);
  const wrong = await operator.run(["operator", "role", "iris", "king"]);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("member or operator")]);

  const quota = (...changes: string[]) => operator.run(["operator", "quota", "ivo", ...changes]);
  const raised = (await quota("functions=7", "datasetBytes=2GB")).out;
  expect(raised).toMatch(/functions +0 {2}7\n/);
  expect(raised).toMatch(/datasetBytes +0 B {2}2\.00 GB/);
  expect((await quota("functions=default")).out).toMatch(/functions +0 {2}500\n/);
  const unknown = await quota("cats=2");
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining("activeJobs")]);
});

test("the operator lists what everyone has, and nobody else does", async () => {
  const judy = await api.member("judy");
  await judy.ask("/v1/datasets?format=lines&name=diary", post("dear\n"));
  const source = `import { items, map } from "sparegrid";
export default map({ title: "Mine", input: items(), map: (value) => value });`;
  await judy.ask("/v1/functions", post({ name: "hers", source }));
  const submitted = post({ function: "hers", input: [1] });
  const { id } = (await judy.json<{ id: string }>("/v1/jobs", submitted)).body;
  const operator = new Person("operator", { SPAREGRID_KEY: api.key });
  const member = new Person("judy", { SPAREGRID_KEY: judy.key });
  for (const [command, shows] of [
    [["jobs"], new RegExp(`${id} +judy/hers +judy +queued`)],
    [["jobs", "show", id], /queued/],
    [["dataset", "list"], /diary/],
    [["functions", "list"], /judy\/hers/],
  ] as const) {
    expect((await operator.run([...command])).out).not.toMatch(shows);
    expect((await operator.run([...command, "--all"])).out).toMatch(shows);
    const refused = await member.run([...command, "--all"]);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("operator")]);
  }
  expect((await operator.run(["cancel", id])).code).toBe(1);
  expect((await operator.run(["cancel", id, "--all"])).err).toContain("cancelled");
});

test("a runner joins by a code, keeps a key for lending only, and starts with it from then on", async () => {
  const hana = await api.member("hana");
  const person = new Person("hana", { SPAREGRID_SLOTS: "1", SPAREGRID_NAME: "attic" });
  const connected = () => api.deps.gateway.runners().find(({ owner }) => owner === hana.account);
  const join1 = await person.runAndDecide(["runner", "--join"], hana, "approve");
  await expect.poll(connected, { timeout: 20_000 }).toMatchObject({ name: "attic" });
  const path = join(person.home, ".sparegrid", "runner", "credentials.json");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const { key } = JSON.parse(await readFile(path, "utf8"));
  const me = await api.ask("/v1/me", { headers: { authorization: `Bearer ${key}` } });
  expect((await me.json()) as Me).toMatchObject({ handle: "hana", scopes: ["runners"] });
  join1.child.kill("SIGTERM");
  await join1.exit;
  await expect.poll(connected, { timeout: 20_000 }).toBeUndefined();

  const second = await person.start("runner");
  await expect.poll(connected, { timeout: 20_000 }).toMatchObject({ name: "attic" });
  const exit = once(second, "exit");
  const keyId = api.deps.apiKeys.list(hana.account).find(({ name }) => name === "runner attic")!.id;
  await hana.ask(`/v1/keys/${keyId}`, { method: "DELETE" });
  expect((await exit)[0]).toBe(1);
}, 60_000);
