import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import type { Principal } from "../accounts/principal.ts";
import { operator } from "../testing/operator.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { FunctionNames } from "./function-names.ts";
import { Versions } from "./versions.ts";

let api: TestApi;
let versions: Versions;
const ada = member("ada");
const bob = member("bob");
const handles = new Map([operator, ada, bob].map((one) => [one.account, one.handle]));
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.end());
beforeEach(() => {
  versions = new Versions(api.deps.catalog.functions, new FunctionNames({ find, byHandle }));
});

test("a name alone is one's own function, or else the operator's", () => {
  api.seedFunction("count");
  expect(versions.find(ada, "count").function).toBe("operator/count");
  const settings = { visibility: "private" } as const;
  api.seedFunction("count", {}, { owner: ada.account, digest: "1".repeat(64), settings });
  expect(versions.find(ada, "count").function).toBe("ada/count");
  expect(versions.find(bob, "count").function).toBe("operator/count");
  expect(versions.find(ada, "operator/count").function).toBe("operator/count");
  expect(versions.find(operator, "count").function).toBe("operator/count");
});

test("a private function is not there for others, the operator included, whatever version they name", () => {
  const settings = { visibility: "private" } as const;
  const digest = api.seedFunction("secret", {}, { owner: ada.account, settings });
  const missing = 'There is no function "ada/secret".';
  for (const version of [undefined, "latest", digest, "12345678", "x"])
    for (const viewer of [bob, operator]) {
      expect(refusal(() => versions.find(viewer, "ada/secret", version)).message).toBe(missing);
      // Again, now that its owner has brought it into memory.
      if (version !== "12345678" && version !== "x") versions.find(ada, "secret", version);
      expect(refusal(() => versions.find(viewer, "ada/secret", version)).message).toBe(missing);
    }
  expect(refusal(() => versions.row(bob, "ada/secret")).message).toBe(missing);
});

test("whoever knows an unlisted function's name may use it", () => {
  api.seedFunction("shy", {}, { owner: ada.account, settings: { visibility: "unlisted" } });
  expect(versions.find(bob, "ada/shy").owner).toBe(ada.account);
  expect(refusal(() => versions.find(bob, "shi"))).not.toMatchObject({
    details: { hint: expect.stringContaining("shy") },
  });
});

test("the name follows the account when its handle changes", () => {
  api.seedFunction("moves", {}, { owner: bob.account });
  expect(versions.find(ada, "bob/moves").function).toBe("bob/moves");
  handles.set(bob.account, "robert");
  expect(versions.find(ada, "robert/moves").function).toBe("robert/moves");
  expect(refusal(() => versions.find(ada, "bob/moves")).code).toBe("not-found");
  handles.set(bob.account, "bob");
});

test("what a change makes private is private at once", () => {
  api.seedFunction("turns", {}, { owner: ada.account });
  versions.find(bob, "ada/turns");
  const row = api.deps.catalog.functions.find(ada.account, "turns")!;
  api.deps.catalog.functions.change(row.id, { visibility: "private" });
  versions.changed(row);
  expect(refusal(() => versions.find(bob, "ada/turns")).code).toBe("not-found");
});

function member(handle: string): Principal {
  return { ...operator, account: `acc_${handle}`, handle, role: "member" };
}

function find(id: string) {
  const handle = handles.get(id);
  return handle === undefined ? undefined : { handle };
}

function byHandle(wanted: string) {
  const found = [...handles].find(([, handle]) => handle === wanted);
  return found && { id: found[0] };
}

function refusal(work: () => unknown): GridError {
  try {
    work();
  } catch (error) {
    if (error instanceof GridError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}
