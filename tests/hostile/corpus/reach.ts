import type { HostileCase } from "../case.ts";

const absent = (name: string): HostileCase["outcome"] => ({
  fails: "function-threw",
  message: `${name} is not defined`,
});

/** Attempts to reach files, the network, the environment or other code. CANARY_PORT is put in by the test. */
export const reach: readonly HostileCase[] = [
  {
    name: "require",
    attack: `return require("node:fs").readFileSync("/etc/passwd", "utf8")`,
    outcome: { refused: "forbidden-import" },
  },
  {
    name: "require by a computed name",
    attack: `return globalThis["req" + "uire"]("node:fs").readFileSync("/etc/passwd", "utf8")`,
    outcome: { fails: "function-threw" },
  },
  { name: "process.env", attack: "return process.env", outcome: absent("process") },
  {
    name: "globalThis.process",
    attack: "return globalThis.process.env",
    outcome: { fails: "function-threw" },
  },
  { name: "Deno", attack: "return Deno.env.toObject()", outcome: absent("Deno") },
  { name: "Bun", attack: "return Bun.env", outcome: absent("Bun") },
  {
    name: "fetch",
    attack: `return fetch("http://127.0.0.1:CANARY_PORT/")`,
    outcome: { fails: "function-threw", message: "no network" },
  },
  {
    name: "XMLHttpRequest and WebSocket",
    attack: `return new (globalThis.WebSocket ?? XMLHttpRequest)("ws://127.0.0.1:CANARY_PORT/")`,
    outcome: { fails: "function-threw" },
  },
  {
    name: "a static import of a file system",
    source: `import fs from "node:fs"; import { items, map } from "sparegrid";
export default map({ title: "x", input: items(), map: () => fs.readdirSync("/") });`,
    outcome: { refused: "forbidden-import" },
  },
  {
    name: "a static import of a file of the server",
    source: `import secret from "../../package.json"; import { items, map } from "sparegrid";
export default map({ title: "x", input: items(), map: () => secret });`,
    outcome: { refused: "forbidden-import" },
  },
  {
    name: "a static import by absolute path",
    source: `import * as secret from "/etc/passwd"; import { items, map } from "sparegrid";
export default map({ title: "x", input: items(), map: () => secret });`,
    outcome: { refused: "forbidden-import" },
  },
  {
    name: "a static import over the network",
    source: `import secret from "http://127.0.0.1:CANARY_PORT/x.js"; import { items, map } from "sparegrid";
export default map({ title: "x", input: items(), map: () => secret });`,
    outcome: { refused: "forbidden-import" },
  },
  {
    name: "a dynamic import",
    attack: `return import("node:child_process")`,
    outcome: { refused: ["forbidden-import", "forbidden-syntax"] },
  },
  {
    name: "a dynamic import of computed text",
    attack: "return import(['node', 'fs'].join(':'))",
    outcome: { refused: ["forbidden-import", "forbidden-syntax"] },
  },
  {
    name: "import.meta",
    attack: "return import.meta.url",
    outcome: { refused: ["forbidden-syntax", "syntax-error"] },
  },
  {
    name: "isolated-vm's objects left in the global scope",
    attack: `return Object.getOwnPropertyNames(globalThis).filter((name) => /ivm|isolate|\\$/i.test(name))`,
    outcome: { gives: [[]] },
  },
  {
    name: "with",
    attack: "with (globalThis) { return process }",
    outcome: { refused: ["forbidden-syntax", "syntax-error"] },
  },
];
