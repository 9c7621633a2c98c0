import { describe, expect, test } from "vitest";
import { inputOf, typedOf } from "./input-text.ts";
import { mergedDraft } from "./kept-draft.ts";
import { paramOf } from "./param-text.ts";
import { draftOf, type Runnable, requestOf } from "./run-request.ts";
import { commandOf, curlOf, quoted, typescriptOf } from "./snippets.ts";

const kMeans: Runnable = {
  name: "ada/k-means",
  version: "a".repeat(64),
  input: { type: "dataset", format: "matrix" },
  params: {
    type: "object",
    properties: {
      k: { type: "integer", default: 8, minimum: 1 },
      scale: { type: "number", default: 1 },
      init: { type: "array", default: [], items: { type: "number" } },
      skipLast: { type: "boolean", default: false },
      letters: { type: "string", default: "all", enum: ["all", "ascii"] },
    },
    additionalProperties: false,
  },
  uses: { model: {} },
};

describe("a form as a request", () => {
  test("says only what was chosen", () => {
    const draft = { ...draftOf(kMeans), dataset: "ds_1" };
    draft.params.k = "16";
    draft.params.skipLast = true;
    draft.uses.model = { to: "job", text: " job_7 " };
    draft.budget = "2.5";
    expect(requestOf(kMeans, draft)).toEqual({
      faults: {},
      request: {
        function: "ada/k-means",
        dataset: "ds_1",
        params: { k: 16, skipLast: true },
        uses: { model: "job:job_7" },
        budget: 2.5,
      },
    });
  });

  test("says what is wrong beside each field", () => {
    const draft = draftOf(kMeans);
    draft.params.k = "0";
    draft.params.scale = "";
    draft.params.init = '[1, "2"]';
    draft.params.letters = "greek";
    draft.uses.model = { to: "value", text: "{" };
    draft.budget = "-1";
    draft.seed = "1.5";
    const { faults } = requestOf(kMeans, draft);
    expect(faults).toEqual({
      input: "Choose a dataset.",
      "param:k": "At least 1.",
      "param:scale": "A number is needed.",
      "param:init": "Item 1 is no number.",
      "param:letters": "Choose one of the list.",
      "use:model": "This is not valid JSON.",
      budget: "Credits, more than 0.",
      seed: "A whole number of 0 or more.",
    });
  });

  test("keeps an empty text for a parameter that may be one", () => {
    expect(paramOf({ type: "string" }, "")).toEqual({ value: "" });
    expect(paramOf({ type: "string", minLength: 1 }, "")).toEqual({
      fault: "At least 1 characters.",
    });
  });
});

test("of what was kept from another version stays what still fits", () => {
  const fresh = draftOf(kMeans);
  const kept = {
    inline: "1, 2",
    budget: 5 as never,
    params: { k: "9", gone: "x", skipLast: "yes" },
    uses: { model: { to: "job", text: "job_1" } as const },
  };
  const merged = mergedDraft(fresh, kept);
  expect(merged).toMatchObject({ inline: "1, 2", budget: "", source: "dataset" });
  expect(merged.params).toEqual({ ...fresh.params, k: "9" });
  expect(merged.uses.model).toEqual({ to: "job", text: "job_1" });
});

describe("what is typed as input", () => {
  test.each([
    [{ type: "range" } as const, "1,000_000", 1_000_000],
    [{ type: "items" } as const, "[1, [2]]", [1, [2]]],
    [{ type: "dataset", format: "lines" } as const, "a\n\nb\n", ["a", "", "b"]],
    [{ type: "dataset", format: "ndjson" } as const, '{"a":1}\n2', [{ a: 1 }, 2]],
    [
      { type: "dataset", format: "matrix" } as const,
      "1, 2\n3 4",
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [
      { type: "dataset", format: "matrix" } as const,
      '{"columns":["a"],"rows":[[1]]}',
      { columns: ["a"], rows: [[1]] },
    ],
  ])("%o: %s", (input, typed, value) => {
    expect(inputOf(input, typed)).toEqual(value);
    expect(inputOf(input, typedOf(input, value))).toEqual(value);
  });

  test.each([
    [{ type: "range" } as const, "0", "whole number"],
    [{ type: "items" } as const, "{}", "JSON array"],
    [{ type: "dataset", format: "ndjson" } as const, "1\n{", "Line 2"],
    [{ type: "dataset", format: "matrix" } as const, "1 2\n3", "Line 2 has 1 numbers"],
    [{ type: "dataset", format: "matrix" } as const, "1\nx", 'Line 2: "x"'],
    [{ type: "dataset", format: "lines" } as const, "  ", "Nothing is given"],
  ])("%o: %s is refused", (input, typed, message) => {
    expect(() => inputOf(input, typed)).toThrow(message);
  });
});

describe("what is copied", () => {
  const request = {
    function: "ada/grep",
    input: ["it's"],
    params: { pattern: "a b", flags: "" },
    uses: { model: { value: { w: [1] } }, words: "job:job_1" },
    pool: "lab",
  };

  test("the shell gets words whole, whatever is in them", () => {
    expect(quoted("plain-word=1")).toBe("plain-word=1");
    expect(quoted("it's $HOME")).toBe(String.raw`'it'\''s $HOME'`);
    expect(commandOf(request)).toBe(
      [
        `printf %s '{"w":[1]}' > model.json`,
        "sparegrid run ada/grep \\",
        `${String.raw`  --input '["it'\''s"]' `}\\`,
        "  -p 'pattern=a b' \\",
        "  -p flags= \\",
        "  --use model=@model.json \\",
        "  --use words=job:job_1 \\",
        "  --pool lab",
      ].join("\n"),
    );
    expect(curlOf("https://grid.example", "/v1/jobs", { a: "it's" })).toContain(
      String.raw`-d '{"a":"it'\''s"}'`,
    );
  });

  test("the TypeScript is an object literal", () => {
    expect(typescriptOf("https://grid.example", { function: "ada/grep", input: 5 })).toContain(
      'await client.run("ada/grep", { input: 5 });',
    );
    expect(
      typescriptOf("https://grid.example", {
        ...request,
        params: { "a-b": 1, ["x".repeat(90)]: 2 },
      }),
    ).toContain('  params: { "a-b": 1,');
  });
});
