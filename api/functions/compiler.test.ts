import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GridError } from "../../protocol/errors.ts";
import { createExecutorPool, type ExecutorPool } from "../../sandbox/index.ts";
import type { Compiler } from "../ports.ts";
import { createCompiler } from "./compiler.ts";

let pool: ExecutorPool;
let compiler: Compiler;

beforeAll(() => {
  pool = createExecutorPool({ slots: 1 });
  compiler = createCompiler({ executors: pool });
});

afterAll(async () => {
  await compiler.close();
  await pool.close();
});

const imports = 'import { items, lines, map, mapReduce } from "sparegrid";\n';
const wordCount = `${imports}
interface Text { line: string }
export default mapReduce({
  title: "Word count",
  input: lines(),
  params: { least: 1 },
  map(line, emit) {
    for (const word of line.toLowerCase().match(/\\p{L}+/gu) ?? []) emit(word, 1);
  },
  reduce: (_word, counts) => counts.reduce((sum, n) => sum + n, 0),
  combine: true,
});`;

const mapOf = (entry: string, more = "") =>
  `${imports}${more}\nexport default map({ title: "t", input: items<number>(), map: ${entry} });`;

async function refused(source: string, files?: Record<string, string>): Promise<GridError> {
  const compiled = compiler.compile({ name: "demo", source, ...(files && { files }) });
  const error: unknown = await compiled.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GridError)) throw new Error(`not refused: ${source}`, { cause: error });
  return error;
}

test("a function is bundled, metered and described", async () => {
  const { description, bundle, sourceMap, digest } = await compiler.compile({
    name: "word-count",
    source: wordCount,
  });
  expect(description).toMatchObject({
    kind: "mapReduce",
    title: "Word count",
    input: { type: "dataset", format: "lines" },
    params: { least: { default: 1 } },
    combine: true,
  });
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(bundle).toContain("throw $f_out");
  expect(JSON.parse(sourceMap).sources).toContain("word-count.ts");
});

test("own files and npm code are bundled along", async () => {
  const source = mapOf(
    "(x) => double(left(x)) + table.z",
    'import { double } from "./lib/double.js";\nimport left from "left";\nimport table from "./table.json";',
  );
  const { description } = await compiler.compile({
    name: "demo",
    source,
    files: {
      "lib/double.ts": "export const double = (x: number): number => x * 2;",
      "node_modules/left.js": "module.exports = (x) => x + 1;",
      "table.json": '{ "z": 1 }',
    },
  });
  expect(description.kind).toBe("map");
});

test.for([
  ["node:fs", "there is no I/O in the sandbox"],
  ["fs", "there is no I/O in the sandbox"],
  ["sparegrid/testing", "only tests import it"],
  ["https://example.org/x.js", "there is no network"],
  ["/etc/passwd", "relatively"],
  ["lodash", "publish from a project"],
  ["./missing.ts", "publish it along"],
  ["../../package.json", "publish it along"],
] as const)("an import of %s is refused where it stands", async ([path, hint]) => {
  const error = await refused(mapOf("(x) => y(x)", `import y from "${path}";`));
  expect(error.code).toBe("forbidden-import");
  expect(error.details.at).toEqual({ file: "demo.ts", line: 2, column: 15 });
  expect(error.details.hint).toContain(hint);
});

test.for([
  ["import()", '\nconst é = "é"; const f = () => import("./x.ts");', { line: 3, column: 39 }],
  ["import() of a variable", "\nconst f = (s: string) => import(s);", { line: 3, column: 26 }],
  ["eval", '\n\nconst f = () => eval("1");', { line: 4, column: 17 }],
  ["new Function", '\nconst f = () => new Function("1");', { line: 3, column: 17 }],
  ["import.meta", "\nconst f = () => import.meta;", { line: 3, column: 17 }],
  ["debugger", "\nfunction f() {\n  debugger;\n}", { line: 4, column: 3 }],
  ["await at the top", "\nawait 1; const f = 1;", { line: 3, column: 1 }],
  ["with", "\nwith (Math) {} const f = 1;", { line: 3, column: 1 }],
] as const)("%s is refused where it stands", async ([, more, at]) => {
  const error = await refused(mapOf("(x) => [x, f]", more));
  expect(error.code).toBe("forbidden-syntax");
  expect(error.details.at).toEqual({ file: "demo.ts", ...at });
});

test.for([
  ["syntax-error", `${imports}export default map({ title: "x" input: 1 });`],
  ["missing-entry", "export const x = 1;"],
  ["missing-entry", `${imports}export default map({ title: "t", input: items() } as never);`],
  ["bad-definition", "export default { a: 1 };"],
  ["forbidden-import", 'import { mapp } from "sparegrid";\nexport default mapp({});'],
  ["out-of-fuel", `for (;;);\n${mapOf("(x) => x")}`],
  ["source-too-large", `export default "${"x".repeat(2 ** 21)}"`],
] as const)("%s", async ([code, source]) => {
  expect((await refused(source)).code).toBe(code);
});

test("paths that are not plainly relative are refused", async () => {
  for (const path of ["../x.ts", "/x.ts", "a/../../x.ts", "a//b.ts", "a\\b.ts", ""])
    expect((await refused(mapOf("(x) => x"), { [path]: "" })).code).toBe("bad-request");
});

test("an error while the module loads is placed in the author's source", async () => {
  const error = await refused(
    mapOf("(x) => x", 'function fail(): never {\n  throw new TypeError("no");\n}\nfail();'),
  );
  expect(error).toMatchObject({ code: "function-threw", message: "no" });
  expect(error.details.at).toMatchObject({ file: "demo.ts", line: 3 });
  expect(error.details.frames).toEqual(["fail (demo.ts:3:9)", "demo.ts:5:1"]);
});

test("the own example's error is placed in the author's source", async () => {
  const error = await refused(
    `${imports}import { inner } from "./inner.ts";
export default map({ title: "t", input: items<{ a?: { b: number } }>(), map: (x) => inner(x), example: { input: [{}] } });`,
    {
      "inner.ts": "export function inner(x: { a?: { b: number } }) {\n  return x.a!.b;\n}",
    },
  );
  expect(error.code).toBe("function-threw");
  expect(error.details.at).toEqual({ file: "inner.ts", line: 2, column: 15 });
});

test("impure functions are refused, and what differs is said", async () => {
  const counter = await refused(mapOf("(x) => x + n++", "let n = 0;"));
  expect(counter.code).toBe("impure-function");
  expect(counter.details.hint).toContain("module-level state");
  const cache = await refused(
    mapOf(
      "(x) => { if (!seen.has(x)) { let s = 0; for (let i = 0; i < 50; i++) s += i; seen.set(x, s); } return seen.get(x); }",
      "const seen = new Map<number, number>();",
    ),
  );
  expect(cache.code).toBe("impure-function");
  expect(cache.message).toContain("fuel");
});

test("a function that throws on a made-up example the same way each time is accepted", async () => {
  const source = `${imports}export default map({ title: "t", input: items<{ a: { b: number } }>(), map: (x) => x.a.b });`;
  expect((await compiler.compile({ name: "demo", source })).description.kind).toBe("map");
});

test("the author's code cannot reach the meter", async () => {
  const error = await refused(
    mapOf(
      "(x) => x",
      "declare const $f_runtime: { meter: number[] };\n$f_runtime.meter[0] = -1e300;",
    ),
  );
  expect(error.message).toContain("$f_runtime is not defined");
});

test("the same source gives the same digest, in another process and working directory too", async () => {
  const request = { name: "word-count", source: wordCount };
  const first = await compiler.compile(request);
  expect((await compiler.compile(request)).digest).toBe(first.digest);
  const index = fileURLToPath(new URL("./index.ts", import.meta.url));
  const sandbox = fileURLToPath(new URL("../../sandbox/index.ts", import.meta.url));
  const program = `
    const { createCompiler } = await import(${JSON.stringify(index)});
    const { createExecutorPool } = await import(${JSON.stringify(sandbox)});
    const pool = createExecutorPool({ slots: 1 });
    const compiler = createCompiler({ executors: pool });
    console.log((await compiler.compile(${JSON.stringify(request)})).digest);
    await compiler.close();
    await pool.close();`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: tmpdir(),
    encoding: "utf8",
  });
  expect(output.trim()).toBe(first.digest);
});

test("a closed compiler refuses", async () => {
  const closed = createCompiler({ executors: pool });
  await closed.close();
  await expect(closed.compile({ name: "x", source: wordCount })).rejects.toMatchObject({
    code: "shutting-down",
  });
});
