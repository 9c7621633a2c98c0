import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi, type TestMember } from "../../api/testing/test-api.ts";
import { createClient } from "../index.ts";
import { runCommand } from "./testing/in-process.ts";

let api: TestApi;
let ada: TestMember;
let folder: string;
beforeAll(async () => {
  api = await startTestApi();
  ada = await api.member("ada");
  folder = await mkdtemp(join(tmpdir(), "sparegrid-money-cli-"));
});
afterAll(async () => {
  await api?.end();
  await rm(folder, { recursive: true, force: true });
});

/** Runs the real command against the real API, as ada or the operator. */
function run(key: string, ...args: string[]) {
  return runCommand(args, { folder, env: { SPAREGRID_URL: api.url, SPAREGRID_KEY: key } });
}
const asAda = (...args: string[]) => run(ada.key, ...args);
const asOperator = (...args: string[]) => run(api.key, ...args);

test("a payout from the rate to the reference", async () => {
  const set = ["payout", "rates", "set", "eur"];
  const published = await asOperator(...set, "0.0083", "--minimum", "10", "--fee", "0.05");
  expect(published).toMatchObject({
    code: 0,
    out: expect.stringMatching(/EUR +8\.30 +10 credits/),
  });
  expect(await asOperator(...set, "lots")).toMatchObject({ code: 2 });
  expect(await asAda(...set, "1", "--minimum", "1")).toMatchObject({ code: 1 });

  const requested = await asAda("payout", "request", "50", "EUR", "--to", "IBAN 1");
  expect(requested.err).toContain("requested: 50 credits for 0.36 EUR (fee 0.05)");
  const id = requested.out.trim();
  expect((await asAda("payout")).out).toContain(id);
  const begun = await asOperator("payout", "pay", id);
  expect(begun.err).toContain("pay 0.36 EUR (fee 0.05) to:\nIBAN 1");
  expect(await asAda("payout", "withdraw", id)).toMatchObject({
    code: 1,
    err: expect.stringContaining("being paid"),
  });
  expect((await asOperator("payout", "pay", id, "--reference", "SEPA-7")).err).toContain("paid:");
  expect((await asOperator("payout", "list", "--all", "--state", "paid")).out).toContain("SEPA-7");

  const second = (await asAda("payout", "request", "10", "EUR", "--to", "x")).out.trim();
  const rejected = await asOperator("payout", "reject", second, "--reason", "no such account");
  expect(rejected.err).toContain("rejected: 10 credits");
  await asAda("payout", "export", "--output", "mine.csv");
  const csv = await readFile(join(folder, "mine.csv"), "utf8");
  expect(csv).toContain(`${id},ada,paid,`);
  expect(csv).toContain("no such account");
}, 120_000);

test("wrong amounts are wrong usage, before anything is asked", async () => {
  for (const amount of ["0", "NaN", "1e3", "0.0000001", "99999999999", "x"])
    expect(await asAda("payout", "request", amount, "EUR", "--to", "x"), amount).toMatchObject({
      code: 2,
      out: "",
    });
  expect(await asAda("payout", "request", "-1", "EUR", "--to", "x")).toMatchObject({ code: 2 });
}, 120_000);

test("a campaign from a picture to its end, with what was watched in between", async () => {
  const png = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.from("pixels")]);
  await writeFile(join(folder, "tea.png"), png);
  const made = await asAda(
    ...["campaigns", "create", "--title", "Hill tea", "--picture", "tea.png"],
    ...["--credits-per-view", "0.5", "--watch", "5", "--budget", "4", "--start"],
  );
  expect(made.err).toContain("running, with a budget of 4 credits");
  const id = made.out.trim();
  const bob = await api.member("bob");
  const { campaigns } = createClient({ url: api.url, key: bob.key });
  const { commercial } = await campaigns.next();
  expect(commercial).toMatchObject({ id, media: { kind: "picture", uploaded: true } });
  const { token, heartbeatMs } = await campaigns.open(id);
  expect(heartbeatMs).toBe(1_000);
  for (let sequence = 0; ; sequence++) {
    const { watchedMs, requiredMs } = await campaigns.heartbeat(token, { visible: true, sequence });
    if (watchedMs >= requiredMs) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const paid = await campaigns.finish(token);
  expect(paid.credits).toBe(0.5);
  expect(await Array.fromAsync(campaigns.watched())).toEqual([paid]);

  const stats = await asAda("campaigns", "stats", id);
  expect(stats.err).toContain(
    "1 of 1 views watched to the end; 0.5 credits spent, 3.5 credits left",
  );
  expect(stats.out).toMatch(/100 % +0\.5 credits/);
  expect((await asAda("campaigns", "fund", id, "1.5")).err).toContain("its budget 5 credits");
  expect((await asAda("campaigns", "pause", id)).err).toContain("is paused");
  expect((await asOperator("campaigns", "list", "--all")).out).toContain("Hill tea");
  expect((await asAda("campaigns", "end", id)).err).toContain("is ended, its budget 0 credits");
  expect(await asAda("campaigns", "fund", id, "1")).toMatchObject({ code: 1 });
}, 120_000);

test("a picture that is not there is wrong usage and makes no campaign", async () => {
  const create = ["campaigns", "create", "--title", "T", "--credits-per-view", "1"];
  expect(await asAda(...create, "--picture", "none.png")).toMatchObject({
    code: 2,
    err: expect.stringContaining("none.png"),
  });
  expect((await asAda("campaigns", "list")).out).not.toContain(" T\n");
});

test("the operator's status in a few lines, for nobody else", async () => {
  const { code, out } = await asOperator("operator", "status");
  expect(code).toBe(0);
  expect(out).toMatch(/^store +embedded, answers$/m);
  expect(out).toMatch(/^runners +0, 0 of 0 slots at work$/m);
  const { out: json } = await asOperator("operator", "status", "--json");
  expect(JSON.parse(json)).toMatchObject({ store: { answers: true } });
  expect(await asAda("operator", "status")).toMatchObject({ code: 1 });
});
