import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi, type TestMember } from "../../api/testing/test-api.ts";
import { runCommand } from "./testing/in-process.ts";

let api: TestApi;
let folder: string;
let ada: TestMember;
let bob: TestMember;
beforeAll(async () => {
  api = await startTestApi();
  folder = await mkdtemp(join(tmpdir(), "sparegrid-cli-pools-"));
  [ada, bob] = await Promise.all([api.member("ada"), api.member("bob")]);
});
afterAll(async () => {
  await api.end();
  await rm(folder, { recursive: true });
});

function pools({ key }: TestMember, ...args: string[]) {
  const env = { SPAREGRID_URL: api.url, SPAREGRID_KEY: key };
  return runCommand(["pools", ...args], { folder, env });
}

test("a pool is made, others join by handle and by code, leave and are removed", async () => {
  expect((await pools(ada)).err).toContain("you belong to no pool");
  expect((await pools(ada, "create", "lab")).out).toBe("ada/lab\n");

  const invited = await pools(ada, "invite", "lab", "bob");
  expect([invited.code, invited.out]).toEqual([0, ""]);
  expect(invited.err).toContain("bob is invited for 7 d: sparegrid pools join ada/lab");
  expect((await pools(bob, "invitations")).out).toMatch(/ada\/lab +bob +7 d +inv_/);
  expect((await pools(bob, "join", "ada/lab")).err).toContain("you are a member of ada/lab");
  expect((await pools(bob, "list")).out).toMatch(/ada\/lab +member +2/);
  expect((await pools(ada, "members", "lab")).out).toMatch(/ada +owner +0 .*\nbob +member +0 /);
  expect((await pools(bob, "leave", "ada/lab")).err).toContain("left ada/lab");

  const { out: code } = await pools(ada, "invite", "lab", "--uses", "2", "--hours", "3");
  expect(code).toMatch(/^sgi_\S{27}\n$/);
  expect((await pools(ada, "invitations", "lab")).out).toMatch(/by code, 2 uses left +3 h/);
  expect((await pools(bob, "join", code.trim())).code).toBe(0);
  expect((await pools(ada, "remove", "lab", "bob")).err).toContain("removed bob from ada/lab");
  const open = JSON.parse((await pools(ada, "invitations", "lab", "--json")).out);
  expect(open).toMatchObject({ pool: "ada/lab", uses: 1 });
  expect((await pools(ada, "revoke", "lab", open.id)).code).toBe(0);
  expect((await pools(bob, "join", code.trim())).code).toBe(1);
});

test("what cannot be is said with what to do", async () => {
  const unknown = await pools(bob, "members", "lab");
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining("owner/name")]);
  const strange = await pools(bob, "members", "ada/lab");
  expect([strange.code, strange.err]).toEqual([1, expect.stringContaining("no pool")]);
  expect((await pools(bob, "leave", "lab")).code).toBe(2);
  expect((await pools(bob, "join", "sgi_none")).err).toContain("Ask the pool's owner");
});

test("whose machines work by default is shown and chosen", async () => {
  expect((await pools(ada, "default")).out).toBe("auto\n");
  expect((await pools(ada, "default", "lab")).out).toBe("ada/lab\n");
  expect((await pools(ada, "default")).out).toBe("ada/lab\n");
  expect((await pools(ada, "default", "nowhere")).code).toBe(1);
  expect((await pools(ada, "default", "auto")).out).toBe("auto\n");
});

test("a pool is renamed and deleted", async () => {
  await pools(bob, "create", "barn");
  expect((await pools(bob, "rename", "barn", "shed")).err).toContain("it is bob/shed now");
  expect((await pools(bob, "delete", "shed")).err).toContain("deleted bob/shed");
  expect((await pools(bob, "--json")).out).toBe("");
});
