import { beforeAll, describe, expect, test } from "vitest";
import { readSandboxTypes } from "../../../build/sandbox-types.ts";
import { TypeService } from "./type-service.ts";

const words = `import { lines, mapReduce } from "sparegrid";
export default mapReduce({
  title: "Words",
  input: lines(),
  map(line, emit) {
    for (const word of line.split(" ")) emit(word, 1);
  },
  reduce: (_word, counts) => counts.reduce((sum, n) => sum + n, 0),
});
`;

describe("types in the editor", () => {
  let types: TypeService;
  beforeAll(() => {
    types = new TypeService(readSandboxTypes().files);
  });
  const faultsOf = (text: string) => {
    types.setFiles({ "main.ts": text });
    return types.faults("main.ts").map(({ message }) => message);
  };
  const at = (text: string, words: string) => text.indexOf(words) + words.length;

  test("are those of the SDK: a record's type follows from the input", () => {
    expect(faultsOf(words)).toEqual([]);
    const wrong = words.replace("emit(word, 1)", 'emit(word, "1")');
    types.setFiles({ "main.ts": wrong });
    const [fault] = types.faults("main.ts");
    expect(fault).toMatchObject({ severity: "error" });
    expect(fault?.message).toContain("'string' is not assignable to parameter of type 'number'");
    expect(wrong.slice(fault!.from, fault!.to)).toBe('"1"');
  });

  test("know what the sandbox has: the language and a console, no browser and no Node", () => {
    expect(
      faultsOf("console.log(new Set([1]).union(new Set([2])), [1].at(-1)); export {};"),
    ).toEqual([]);
    expect(faultsOf('fetch("/"); document; process; setTimeout(() => 1); export {};')).toEqual([
      "Cannot find name 'fetch'.",
      "Cannot find name 'document'. The sandbox has no browser and no Node.",
      "Cannot find name 'process'. The sandbox has no browser and no Node.",
      "Cannot find name 'setTimeout'.",
    ]);
  });

  test("tell all of a long message", () => {
    const [message] = faultsOf(
      "const a: { b: { c: number } } = { b: { c: 1 } }; const d: { b: { c: string } } = a; d;",
    );
    expect(message?.split("\n").length).toBeGreaterThan(1);
  });

  test("complete members, and import what is chosen from the SDK", () => {
    const text = words.replace("emit(word, 1)", "line.");
    types.setFiles({ "main.ts": text });
    const members = types.complete("main.ts", at(text, "line."));
    expect(members.map(({ name }) => name)).toContain("toLowerCase");

    const more = `${words}iter`;
    types.update("main.ts", more);
    const option = types
      .complete("main.ts", more.length)
      .find(({ name, source }) => name === "iterate" && source !== undefined);
    expect(option).toMatchObject({ source: "sparegrid" });
    const explained = types.explain("main.ts", more.length, "iterate", option?.source);
    expect(explained?.documentation).toContain("Rounds of map");
    expect(explained?.changes).toEqual([{ from: 9, to: 9, insert: "iterate, " }]);
  });

  test("offer nothing of the SDK's insides", () => {
    types.setFiles({ "main.ts": "Fold" });
    expect(types.complete("main.ts", 4).filter(({ source }) => source !== undefined)).toEqual([]);
  });

  test("are told where the pointer is", () => {
    types.setFiles({ "main.ts": words });
    expect(types.hover("main.ts", words.indexOf("line.split"))).toMatchObject({
      signature: "(parameter) line: string",
    });
  });

  test("go over several files, of which some come and go; npm code has none", () => {
    const main = `import { half } from "./lib/half.ts"; import big from "big"; half("1"); big();`;
    const half = "export const half = (n: number) => n / 2;";
    types.setFiles({
      "main.ts": main,
      "lib/half.ts": half,
      "node_modules/big.js": "export default 1",
    });
    expect(types.faults("main.ts").map(({ message }) => message)).toEqual([
      "Argument of type 'string' is not assignable to parameter of type 'number'.",
    ]);
    types.setFiles({ "main.ts": main });
    expect(types.faults("main.ts").map(({ message }) => message)).toEqual([
      expect.stringContaining("Cannot find module './lib/half.ts'"),
      expect.stringContaining("Cannot find module 'big'"),
    ]);
    types.setFiles({ "main.ts": "" });
    expect(types.faults("main.ts")).toEqual([]);
    expect(types.faults("gone.ts")).toEqual([]);
  });
});
