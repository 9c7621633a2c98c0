import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Job } from "../../protocol/http-jobs.ts";
import {
  type Pool,
  type PoolDetail,
  type PoolInvitation,
  poolDetailSchema,
  poolSchema,
} from "../../protocol/http-pools.ts";
import { post, startTestApi, type TestApi, type TestMember } from "../testing/test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  api.seedFunction("double");
});
afterAll(() => api.end());

const patch = (body: object): RequestInit => ({ ...post(body), method: "PATCH" });
const remove: RequestInit = { method: "DELETE" };
const submit = (body: object) =>
  api.json<Job>("/v1/jobs", post({ function: "double", input: [1], ...body }));

test("a pool is made, found by its name, renamed and deleted", async () => {
  const created = await api.json<Pool>("/v1/pools", post({ name: "lab" }));
  expect(created.status).toBe(201);
  expect(created.headers.get("location")).toBe("/v1/pools/operator/lab");
  expect(poolSchema.parse(created.body)).toMatchObject({ name: "operator/lab", role: "owner" });
  const again = await api.json("/v1/pools", post({ name: "lab" }));
  expect([again.status, again.body.code]).toEqual([409, "conflict"]);
  const shown = await api.json<PoolDetail>("/v1/pools/operator/lab");
  expect(poolDetailSchema.parse(shown.body).members).toMatchObject([
    { handle: "operator", role: "owner", runners: 0 },
  ]);
  const renamed = await api.json<Pool>("/v1/pools/operator/lab", patch({ name: "attic" }));
  expect(renamed.body.name).toBe("operator/attic");
  expect((await api.ask("/v1/pools/operator/lab")).status).toBe(404);
  expect((await api.ask("/v1/pools/operator/attic", remove)).status).toBe(204);
  expect((await api.ask("/v1/pools/operator/attic", remove)).status).toBe(404);
});

test("a name that is none is refused with the reason", async () => {
  for (const name of ["", "A", "own", "everyone", "a/b", "a--b", "x".repeat(65)]) {
    const { status, body } = await api.json("/v1/pools", post({ name }));
    expect([status, body.code], name).toEqual([400, "bad-request"]);
  }
});

test("a job runs where it says, and says so", async () => {
  await api.json("/v1/pools", post({ name: "farm" }));
  for (const [pool, shown] of [
    ["everyone", "everyone"],
    ["own", "own"],
    ["farm", "operator/farm"],
    ["operator/farm", "operator/farm"],
  ]) {
    const { status, body } = await submit({ pool });
    expect([status, body.pool]).toEqual([202, shown]);
    await api.ask(`/v1/jobs/${body.id}/cancel`, post(""));
  }
  // There is no runner of its own, neither connected nor included.
  expect((await submit({})).body.pool).toBe("everyone");
});

test("a job, or a call, on a pool that one does not belong to is refused", async () => {
  for (const pool of ["barn", "operator/barn", "nobody/farm"]) {
    const job = await api.json("/v1/jobs", post({ function: "double", input: [1], pool }));
    expect([job.status, job.body.code], pool).toEqual([404, "not-found"]);
    const call = await api.json("/v1/functions/double/invoke", post({ input: [1], pool }));
    expect([call.status, call.body.code], pool).toEqual([404, "not-found"]);
  }
  for (const pool of ["A b", "a/b/c", "", 5]) {
    const { status } = await api.json("/v1/functions/double/invoke", post({ input: [1], pool }));
    expect(status, String(pool)).toBe(400);
  }
});

test("a pool is not deleted under a job, and a job keeps it under its new name", async () => {
  await api.json("/v1/pools", post({ name: "busy" }));
  const { body: job } = await submit({ pool: "busy" });
  const refused = await api.json("/v1/pools/operator/busy", remove);
  expect([refused.status, refused.body.code]).toEqual([409, "pool-in-use"]);
  await api.json("/v1/pools/operator/busy", patch({ name: "calm" }));
  expect((await api.json<Job>(`/v1/jobs/${job.id}`)).body.pool).toBe("operator/calm");
  await api.ask(`/v1/jobs/${job.id}/cancel`, post(""));
  expect((await api.ask("/v1/pools/operator/calm", remove)).status).toBe(204);
});

test("a repeated request makes one pool and one invitation", async () => {
  const headers = { "idempotency-key": "pool once" };
  const first = await api.json<Pool>("/v1/pools", post({ name: "once" }, headers));
  const second = await api.json<Pool>("/v1/pools", post({ name: "once" }, headers));
  expect([second.status, second.body]).toEqual([201, first.body]);
  const path = "/v1/pools/operator/once/invitations";
  const one = await api.json<PoolInvitation>(path, post({ uses: 3 }, headers));
  const two = await api.json<PoolInvitation>(path, post({ uses: 3 }, headers));
  expect(two.body.id).toBe(one.body.id);
  const listed = await api.json<{ items: PoolInvitation[] }>(path);
  expect(listed.body.items).toHaveLength(1);
  expect(listed.body.items[0]).not.toHaveProperty("code");
});

describe("among several members", () => {
  let ada: TestMember;
  let bob: TestMember;
  beforeAll(async () => {
    ada = await api.member("ada");
    bob = await api.member("bob");
    await ada.json("/v1/pools", post({ name: "lab" }));
  });

  test("a pool does not exist for others, until they are invited and accept", async () => {
    const path = "/v1/pools/ada/lab";
    for (const [way, init] of [
      ["", undefined],
      ["", remove],
      ["", patch({ name: "mine" })],
      ["/invitations", undefined],
      ["/invitations", post({})],
      ["/leave", post("")],
      ["/accept", post("")],
      ["/decline", post("")],
      ["/members/ada", remove],
    ] as const) {
      const there = await bob.json(path + way, init);
      const nowhere = await bob.json(`/v1/pools/ada/none${way}`, init);
      expect([there.status, there.body.code], way).toEqual([404, "not-found"]);
      expect(there.body.detail).toBe(String(nowhere.body.detail).replace("none", "lab"));
    }
    const invited = await ada.json(`${path}/invitations`, post({ handle: "bob" }));
    expect(invited.status).toBe(201);
    const received = await bob.json<{ items: PoolInvitation[] }>("/v1/pools/invitations");
    expect(received.body.items).toMatchObject([{ pool: "ada/lab", handle: "bob" }]);
    expect((await bob.json<Pool>(`${path}/accept`, post(""))).body).toMatchObject({
      name: "ada/lab",
      role: "member",
      memberCount: 2,
    });
  });

  test("a member sees it and runs jobs on it; its owner alone changes it", async () => {
    const path = "/v1/pools/ada/lab";
    const shown = await bob.json<PoolDetail>(path);
    expect(shown.body.members.map(({ handle }) => handle)).toEqual(["ada", "bob"]);
    const listed = await bob.json<{ items: Pool[] }>("/v1/pools");
    expect(listed.body.items).toMatchObject([{ name: "ada/lab" }]);
    for (const [way, init] of [
      ["", remove],
      ["", patch({ name: "mine" })],
      ["/invitations", undefined],
      ["/invitations", post({})],
      ["/members/ada", remove],
    ] as const)
      expect((await bob.ask(path + way, init)).status, way).toBe(403);
    const bare = await bob.json("/v1/jobs", post({ function: "double", input: [1], pool: "lab" }));
    expect(bare.status).toBe(404);
  });

  test("an owner cannot leave, a member can, and a removed one comes back by a code", async () => {
    const path = "/v1/pools/ada/lab";
    expect((await ada.ask(`${path}/leave`, post(""))).status).toBe(409);
    expect((await ada.ask(`${path}/members/ada`, remove)).status).toBe(409);
    expect((await ada.ask(`${path}/members/nobody`, remove)).status).toBe(404);
    expect((await bob.ask(`${path}/leave`, post(""))).status).toBe(204);
    expect((await bob.ask(path)).status).toBe(404);
    const { body } = await ada.json<PoolInvitation>(`${path}/invitations`, post({ uses: 2 }));
    const preview = () => bob.json("/v1/pools/join/preview", post({ code: body.code }));
    const invited = { pool: "ada/lab", owner: "ada", memberCount: 1, isMember: false };
    expect(await preview()).toMatchObject({ status: 200, body: invited });
    expect((await bob.ask("/v1/pools/join", post({ code: body.code }))).status).toBe(200);
    expect(await preview()).toMatchObject({ body: { memberCount: 2, isMember: true } });
    expect((await ada.ask(`${path}/members/bob`, remove)).status).toBe(204);
    expect((await ada.ask(`${path}/invitations/${body.id}`, remove)).status).toBe(204);
    const late = await bob.json("/v1/pools/join", post({ code: body.code }));
    expect([late.status, late.body.code]).toEqual([404, "not-found"]);
    expect(await preview()).toMatchObject({ status: 404, body: { code: "not-found" } });
  });
});
