import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApi, type TestApi, type TestMember } from "../../api/testing/test-api.ts";
import { runCommand } from "./testing/in-process.ts";

const scale = `import { items, map } from "sparegrid";
export default map({ title: "Scale", input: items<number>(), params: { factor: 2 },
  map: (value, { params }) => value * params.factor });`;

let api: TestApi;
let ada: TestMember;
let bob: TestMember;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sparegrid-market-"));
  await writeFile(join(folder, "scale.ts"), scale);
  api = await startTestApi();
  [ada, bob] = [await api.member("ada"), await api.member("bob")];
});
afterAll(async () => {
  await api.end();
  await rm(folder, { recursive: true });
});

/** Runs the real command against the real API. */
function sparegrid({ key }: TestMember, ...args: string[]) {
  const env = { SPAREGRID_URL: api.url, SPAREGRID_KEY: key };
  return runCommand(args, { folder, env, input: "a\nb\n" });
}

test("a function is published, found, forked, deprecated", async () => {
  const terms = ["--visibility", "public", "--tag", "numbers", "--royalty", "2.5"];
  const published = await sparegrid(ada, "publish", "scale.ts", ...terms);
  expect(published).toMatchObject({ code: 0, out: "" });
  expect(published.err).toMatch(/✔ ada\/scale [0-9a-f]{12} Scale \(map, public, royalty 2.5 %\)/);

  const found = await sparegrid(bob, "functions", "search", "scal", "--tag", "numbers", "--json");
  expect(JSON.parse(found.out)).toMatchObject({ name: "ada/scale", royaltyPercent: 2.5 });
  expect((await sparegrid(bob, "functions", "list", "--owner", "me")).err).toContain("no function");
  const listed = await sparegrid(bob, "functions", "list", "--sort", "runs");
  expect(listed.out).toMatch(/ada\/scale .*2\.5 % .*Scale/);

  const forked = await sparegrid(bob, "fork", "ada/scale", "--name", "stretch");
  expect(forked.err).toMatch(/✔ bob\/stretch [0-9a-f]{12} from ada\/scale, private/);
  const shown = await sparegrid(bob, "functions", "show", "stretch");
  expect(shown.out).toMatch(/forked {3}from ada\/scale/);
  expect(shown.out).toContain("not run yet");

  const { version } = JSON.parse((await sparegrid(ada, "functions", "scale", "--json")).out) as {
    version: string;
  };
  const named = `scale@${version.slice(0, 8)}`;
  expect(await sparegrid(ada, "deprecate", named)).toMatchObject({ code: 2 });
  expect(await sparegrid(ada, "deprecate", named, "--message", "use 3")).toMatchObject({ code: 0 });
  const run = await sparegrid(bob, "run", "ada/scale", "--input", "[1]", "--detach");
  expect(run).toMatchObject({ code: 0, err: "▲ this version is deprecated: use 3\n" });
  expect((await sparegrid(ada, "deprecate", named, "--lift")).code).toBe(0);
  const again = await sparegrid(bob, "functions", "show", "ada/scale");
  expect(again.out).not.toContain("deprecated");
});

test("a dataset is pushed, shared and listed", async () => {
  const pushed = await sparegrid(ada, "dataset", "push", "-", "--format", "lines", "--name", "ab");
  expect(pushed.code).toBe(0);
  expect((await sparegrid(bob, "dataset", "list", "--public")).err).toContain("no datasets");
  const shared = await sparegrid(ada, "dataset", "share", "ab", "--visibility", "public");
  expect(shared).toEqual({ code: 0, out: "", err: "✔ ab is public\n" });
  expect((await sparegrid(bob, "dataset", "list", "--public")).out).toMatch(/ab .*ada +public/);
  const shown = await sparegrid(bob, "dataset", "show", pushed.out.trim());
  expect(shown.out).toContain("ada · public");
  const refused = await sparegrid(bob, "dataset", "rm", pushed.out.trim());
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("is ada's") });
});

test("a function is deleted by its owner alone", async () => {
  await sparegrid(ada, "publish", "scale.ts", "--name", "passing", "--visibility", "public");
  const refused = await sparegrid(bob, "delete", "ada/passing");
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("is not yours") });
  expect(await sparegrid(ada, "delete", "passing")).toEqual({
    code: 0,
    out: "",
    err: "✔ deleted passing\n",
  });
  expect((await sparegrid(bob, "functions", "show", "ada/passing")).code).toBe(1);
});
