import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { everyonePool, inviteSchema, ownPool } from "../../protocol/http-pools.ts";
import { createCatalog } from "../catalog/catalog.ts";
import type { JobRows } from "../catalog/jobs.ts";
import { type Database, openDatabase } from "../database/open.ts";
import { jobSpecOf } from "../testing/job-spec.ts";
import { createPools, type PoolParts } from "./index.ts";
import { Lenders } from "./lenders.ts";
import { waitingForRunner } from "./waiting.ts";

const accounts = ["ada", "bob", "cy", "dee", "operator"].map((handle) => ({
  id: `acc_${handle}`,
  handle,
}));
const [ada, bob, cy, dee] = accounts.map(({ id }) => id) as [string, string, string, string];

let dataDir: string;
let database: Database;
let jobs: JobRows;
let parts: PoolParts;
let nowMs: number;
let lending: Set<string>;
let made: number;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sparegrid-pools-"));
  database = openDatabase(dataDir);
  jobs = createCatalog(database).jobs;
  nowMs = 1_000_000;
  lending = new Set();
  made = 0;
  parts = createPools({
    database,
    handles: {
      find: (id) => accounts.find((account) => account.id === id),
      byHandle: (handle) => accounts.find((account) => account.handle === handle),
    },
    jobOn: (pool) => jobs.onPool(pool),
    lends: (account) => lending.has(account),
    includedRunners: 1,
    clock: () => nowMs,
  });
});
afterEach(async () => {
  database.close();
  await rm(dataDir, { recursive: true, force: true });
});

function pool(owner: string, name: string) {
  return parts.pools.create(`pool_${made++}`, owner, name).pool;
}

function invite(to: ReturnType<typeof pool>, request: object) {
  return parts.invitations.invite(`inv_${made++}`, to, inviteSchema.parse(request));
}

/** The code of what it throws. */
function refused(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof GridError) return error.code;
    throw error;
  }
  return "done";
}

describe("whose machines serve whose work", () => {
  test("everyone's serve a job for everyone, and only the owner's one for its own", () => {
    const { mayServe } = parts.memberships;
    expect(mayServe({ owner: ada, pool: everyonePool }, bob)).toBe(true);
    expect(mayServe({ owner: ada, pool: ownPool }, ada)).toBe(true);
    expect(mayServe({ owner: ada, pool: ownPool }, bob)).toBe(false);
    expect(mayServe({ owner: ada }, bob)).toBe(false);
    expect(mayServe({ owner: ada }, ada)).toBe(true);
  });

  test("a pool's members serve each other from the moment they join until they are gone", () => {
    const { mayServe } = parts.memberships;
    const lab = pool(ada, "lab");
    const work = { owner: ada, pool: lab.id };
    expect([mayServe(work, ada), mayServe(work, bob)]).toEqual([true, false]);
    const { code } = invite(lab, { uses: 2 });
    parts.invitations.join(bob, code!);
    expect([mayServe(work, bob), mayServe(work, cy)]).toEqual([true, false]);
    parts.invitations.join(cy, code!);
    expect(mayServe({ owner: bob, pool: lab.id }, cy)).toBe(true);
    parts.pools.removeMember(lab, bob);
    expect(mayServe(work, bob)).toBe(false);
    // Neither do others serve the jobs that it left behind.
    expect(mayServe({ owner: bob, pool: lab.id }, cy)).toBe(false);
  });

  test("nobody serves a pool that is gone, or that never was", () => {
    const { mayServe } = parts.memberships;
    const lab = pool(ada, "lab");
    expect(mayServe({ owner: ada, pool: lab.id }, ada)).toBe(true);
    parts.pools.remove(lab);
    expect(mayServe({ owner: ada, pool: lab.id }, ada)).toBe(false);
    expect(mayServe({ owner: ada, pool: "pool_none" }, ada)).toBe(false);
  });

  test("who watches is told of each change after it holds", () => {
    const lab = pool(ada, "lab");
    const seen: boolean[] = [];
    const look = () => seen.push(parts.memberships.mayServe({ owner: ada, pool: lab.id }, bob));
    const unwatch = parts.memberships.watch(look);
    invite(lab, { handle: "bob" });
    parts.invitations.accept(bob, "ada", "lab");
    parts.pools.removeMember(lab, bob);
    unwatch();
    parts.pools.remove(lab);
    expect(seen).toEqual([true, false]);
  });
});

const lender = (owner: string, askHundredths = 100) => ({ owner, askHundredths });

test("a job whose bid is below what every runner asks says so, unless it runs on its owner's own", () => {
  const why = (pool: string, bidHundredths: number) =>
    waitingForRunner(parts.memberships, { owner: ada, pool, bidHundredths }, [
      lender(ada, 300),
      lender(bob, 150),
    ]);
  expect(why(everyonePool, 120)).toBe("No runner works for a bid of 1.2: the lowest ask is 1.5.");
  expect(why(everyonePool, 150)).toBeUndefined();
  expect(why(ownPool, 10)).toBeUndefined();
});

test("a job that waits says for whose runners", () => {
  const lab = pool(ada, "lab");
  const why = (pool: string, owners: string[]) =>
    waitingForRunner(parts.memberships, { owner: ada, pool }, owners.map(lender));
  expect(why(everyonePool, [])).toContain("No runner is connected");
  expect(why(everyonePool, [bob])).toBeUndefined();
  expect(why(ownPool, [bob])).toContain("None of your own runners");
  expect(why(ownPool, [bob, ada])).toBeUndefined();
  expect(why(lab.id, [bob])).toContain("No runner of the job's pool");
  const work = { owner: bob, pool: lab.id };
  expect(waitingForRunner(parts.memberships, work, [lender(ada)])).toContain("do not belong");
});

describe("what a request's pool means", () => {
  const asks = (account: string) => ({ account, handle: account.slice("acc_".length) });

  test("unsaid, it is one's own machines when there are any, else everyone's", () => {
    expect(parts.choice.resolve(asks(ada), undefined)).toBe(everyonePool);
    lending.add(ada);
    expect(parts.choice.resolve(asks(ada), undefined)).toBe(ownPool);
    expect(parts.choice.resolve(asks(bob), undefined)).toBe(everyonePool);
  });

  test("unsaid, it is one's own while one had a machine here within a week", () => {
    const unsaid = () => parts.choice.resolve({ account: ada, handle: "ada" }, undefined);
    const day = 24 * 3_600_000;
    expect(unsaid()).toBe(everyonePool);
    parts.lenders.note(ada);
    expect(unsaid()).toBe(ownPool);
    nowMs += 6 * day;
    expect(unsaid()).toBe(ownPool);
    // Another process reads what was written.
    expect(new Lenders(database.drizzle, () => nowMs).lentLately(ada)).toBe(true);
    nowMs += 2 * day;
    expect(unsaid()).toBe(everyonePool);
    expect(parts.choice.resolve({ account: bob, handle: "bob" }, undefined)).toBe(everyonePool);
  });

  test("unsaid, it is what the account chose, and nothing else when that is gone", () => {
    const lab = pool(ada, "lab");
    const unsaid = (defaultPool: string) =>
      parts.choice.resolve({ account: ada, handle: "ada", defaultPool }, undefined);
    lending.add(ada);
    expect(unsaid(everyonePool)).toBe(everyonePool);
    expect(unsaid(lab.id)).toBe(lab.id);
    lending.delete(ada);
    expect(unsaid(ownPool)).toBe(ownPool);
    parts.pools.remove(lab);
    expect(refused(() => unsaid(lab.id))).toBe("not-found");
  });

  test("unsaid by the operator, it is the runners that the server brings along", () => {
    expect(parts.choice.resolve(asks("acc_operator"), undefined)).toBe(ownPool);
  });

  test("a bare name is one's own pool, a full one anybody's that one belongs to", () => {
    const lab = pool(ada, "lab");
    expect(parts.choice.resolve(asks(ada), "lab")).toBe(lab.id);
    expect(parts.choice.resolve(asks(ada), "ada/lab")).toBe(lab.id);
    expect(parts.choice.nameOf(lab.id)).toBe("ada/lab");
    for (const name of ["lab", "ada/lab", "bob/lab", "nobody/lab"])
      expect(
        refused(() => parts.choice.resolve(asks(bob), name)),
        name,
      ).toBe("not-found");
    invite(lab, { handle: "bob" });
    parts.invitations.accept(bob, "ada", "lab");
    expect(parts.choice.resolve(asks(bob), "ada/lab")).toBe(lab.id);
    expect(refused(() => parts.choice.resolve(asks(bob), "lab"))).toBe("not-found");
  });

  test("it must still hold when the job is written", () => {
    const lab = pool(ada, "lab");
    parts.choice.confirm({ owner: ada, pool: lab.id });
    parts.choice.confirm({ owner: bob, pool: everyonePool });
    expect(refused(() => parts.choice.confirm({ owner: bob, pool: lab.id }))).toBe("not-found");
    parts.pools.remove(lab);
    expect(refused(() => parts.choice.confirm({ owner: ada, pool: lab.id }))).toBe("not-found");
  });
});

describe("a pool", () => {
  test("is made once, and its name is its owner's alone", () => {
    expect(parts.pools.create("pool_a", ada, "lab").outcome).toBe("created");
    expect(parts.pools.create("pool_a", ada, "lab").outcome).toBe("exists");
    expect(refused(() => parts.pools.create("pool_b", ada, "lab"))).toBe("conflict");
    expect(parts.pools.create("pool_c", bob, "lab").outcome).toBe("created");
  });

  test("does not exist for those who do not belong to it", () => {
    pool(ada, "lab");
    expect(refused(() => parts.pools.find(bob, "ada", "lab"))).toBe("not-found");
    expect(refused(() => parts.pools.owned(bob, "ada", "lab"))).toBe("not-found");
    expect(parts.pools.list(bob, undefined, 10)).toEqual([]);
  });

  test("is its owner's to change, and its members' to see", () => {
    const lab = pool(ada, "lab");
    invite(lab, { handle: "bob" });
    parts.invitations.accept(bob, "ada", "lab");
    expect(parts.pools.find(bob, "ada", "lab")).toEqual(lab);
    expect(refused(() => parts.pools.owned(bob, "ada", "lab"))).toBe("forbidden");
    expect(parts.pools.members(lab.id).map(({ account }) => account)).toEqual([ada, bob]);
    expect(parts.pools.list(bob, undefined, 10)).toEqual([lab]);
    expect([parts.pools.roleOf(lab, ada), parts.pools.roleOf(lab, bob)]).toEqual([
      "owner",
      "member",
    ]);
  });

  test("keeps its jobs when it gets another name", () => {
    const lab = pool(ada, "lab");
    pool(ada, "attic");
    expect(refused(() => parts.pools.rename(lab, "attic"))).toBe("conflict");
    expect(parts.pools.rename(lab, "cellar").id).toBe(lab.id);
    expect(parts.pools.find(ada, "ada", "cellar").id).toBe(lab.id);
    expect(refused(() => parts.pools.find(ada, "ada", "lab"))).toBe("not-found");
    expect(parts.choice.nameOf(lab.id)).toBe("ada/cellar");
  });

  test("stays while a job that has not ended runs on it", () => {
    const lab = pool(ada, "lab");
    const spec = { ...jobSpecOf({ id: "job_1", kind: "map", owner: ada }), pool: lab.id };
    jobs.insert(spec, { function: { owner: ada, name: "f" }, datasets: [] });
    expect(refused(() => parts.pools.remove(lab))).toBe("pool-in-use");
    jobs.remove("job_1");
    parts.pools.remove(lab);
    expect(parts.pools.list(ada, undefined, 10)).toEqual([]);
  });

  test("cannot be left by its owner, only by members", () => {
    const lab = pool(ada, "lab");
    expect(refused(() => parts.pools.removeMember(lab, ada))).toBe("conflict");
    expect(refused(() => parts.pools.removeMember(lab, bob))).toBe("not-found");
  });

  test("lists page by page, newest first", () => {
    const names = ["one", "two", "three"];
    const all = names.map((name) => pool(ada, name));
    expect(parts.pools.list(ada, undefined, 2)).toEqual([all[2], all[1]]);
    expect(parts.pools.list(ada, all[1]!.id, 2)).toEqual([all[0]]);
  });
});

describe("an invitation", () => {
  test("by handle is for that account alone, and for once", () => {
    const lab = pool(ada, "lab");
    const { invitation, code } = invite(lab, { handle: "bob" });
    expect(code).toBeUndefined();
    expect(parts.invitations.received(bob)).toEqual([invitation]);
    expect(refused(() => parts.invitations.accept(cy, "ada", "lab"))).toBe("not-found");
    parts.invitations.accept(bob, "ada", "lab");
    expect(parts.invitations.received(bob)).toEqual([]);
    parts.pools.removeMember(lab, bob);
    expect(refused(() => parts.invitations.accept(bob, "ada", "lab"))).toBe("not-found");
  });

  test("of one who is invited already lasts longer, and is still one", () => {
    const lab = pool(ada, "lab");
    const first = invite(lab, { handle: "bob", expiresInHours: 1 });
    const second = invite(lab, { handle: "bob", expiresInHours: 2 });
    expect(second.invitation.id).toBe(first.invitation.id);
    expect(parts.invitations.ofPool(lab.id)).toEqual([second.invitation]);
    expect(second.invitation.expiresAtMs - first.invitation.expiresAtMs).toBe(3_600_000);
  });

  test("can be declined", () => {
    const lab = pool(ada, "lab");
    invite(lab, { handle: "bob" });
    parts.invitations.decline(bob, "ada", "lab");
    expect(refused(() => parts.invitations.decline(bob, "ada", "lab"))).toBe("not-found");
    expect(refused(() => parts.invitations.accept(bob, "ada", "lab"))).toBe("not-found");
  });

  test("needs somebody to invite who is no member yet", () => {
    const lab = pool(ada, "lab");
    expect(refused(() => invite(lab, { handle: "nobody" }))).toBe("not-found");
    expect(refused(() => invite(lab, { handle: "ada" }))).toBe("conflict");
  });

  test("by code serves as often as it says; members use nothing up", () => {
    const lab = pool(ada, "lab");
    const { code } = invite(lab, { uses: 2 });
    for (const account of [bob, bob, ada, cy])
      expect(parts.invitations.join(account, code!)).toEqual(lab);
    expect(refused(() => parts.invitations.join(dee, code!))).toBe("not-found");
    expect(parts.pools.countMembers(lab.id)).toBe(3);
    expect(parts.invitations.ofPool(lab.id)).toEqual([]);
  });

  test("is worth nothing after its time, revoked, or made up", () => {
    const lab = pool(ada, "lab");
    const revoked = invite(lab, {});
    parts.invitations.revoke(lab.id, revoked.invitation.id);
    expect(refused(() => parts.invitations.revoke(lab.id, revoked.invitation.id))).toBe(
      "not-found",
    );
    const late = invite(lab, { expiresInHours: 1 });
    invite(lab, { handle: "bob", expiresInHours: 1 });
    nowMs += 3_600_000;
    for (const code of [revoked.code!, late.code!, "sgi_guess"])
      expect(refused(() => parts.invitations.join(bob, code))).toBe("not-found");
    expect(refused(() => parts.invitations.accept(bob, "ada", "lab"))).toBe("not-found");
    expect(parts.invitations.received(bob)).toEqual([]);
    // An expired one is no obstacle to the next.
    expect(invite(lab, { handle: "bob" }).invitation.account).toBe(bob);
  });

  test("is kept by its code's hash; asked for again, its code is another", () => {
    const lab = pool(ada, "lab");
    const request = inviteSchema.parse({ uses: 1 });
    const first = parts.invitations.invite("inv_same", lab, request);
    const second = parts.invitations.invite("inv_same", lab, request);
    expect(JSON.stringify(parts.invitations.ofPool(lab.id))).not.toContain(second.code!);
    expect(parts.invitations.ofPool(lab.id)).toHaveLength(1);
    expect(refused(() => parts.invitations.join(bob, first.code!))).toBe("not-found");
    expect(parts.invitations.join(bob, second.code!)).toEqual(lab);
  });

  test("goes with its pool", () => {
    const lab = pool(ada, "lab");
    const { code } = invite(lab, {});
    invite(lab, { handle: "bob" });
    parts.pools.remove(lab);
    expect(refused(() => parts.invitations.join(bob, code!))).toBe("not-found");
    expect(parts.invitations.received(bob)).toEqual([]);
  });
});

describe("bounds", () => {
  test("an account has a hundred pools at most, and joins as many", () => {
    const own = Array.from({ length: 100 }, (_, i) => pool(ada, `p-${i}`));
    expect(refused(() => pool(ada, "one-more"))).toBe("conflict");
    for (const each of own) parts.invitations.join(bob, invite(each, {}).code!);
    const other = pool(cy, "lab");
    expect(refused(() => parts.invitations.join(bob, invite(other, {}).code!))).toBe("conflict");
    expect(parts.pools.create("pool_own", bob, "own-one").outcome).toBe("created");
  });

  test("a pool has two hundred open invitations and five hundred members at most", () => {
    const lab = pool(ada, "lab");
    const { code } = invite(lab, { uses: 500, expiresInHours: 2 });
    for (let i = 1; i < 200; i++) invite(lab, { expiresInHours: 1 });
    expect(refused(() => invite(lab, {}))).toBe("conflict");
    nowMs += 3_600_000;
    expect(refused(() => invite(lab, {}))).toBe("done");
    for (let i = 1; i < 500; i++) parts.invitations.join(`acc_${i}`, code!);
    expect(refused(() => parts.invitations.join("acc_500", code!))).toBe("conflict");
  });
});
