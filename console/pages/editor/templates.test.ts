import { expect, test } from "vitest";
import { readSandboxTypes } from "../../build/sandbox-types.ts";
import { TypeService } from "./code/type-service.ts";
import { templates } from "./templates.ts";

const types = new TypeService(readSandboxTypes().files);

test.each(templates)("$id has no type error, and is of the kind that its card says", (template) => {
  const { kind, source } = template;
  types.setFiles({ "main.ts": source });
  expect(types.faults("main.ts")).toEqual([]);
  expect(source).toContain(`export default ${kind}({`);
});

test("lines are short enough to be read beside the answer", () => {
  for (const { source } of templates)
    for (const line of source.split("\n")) expect(line.length, line).toBeLessThanOrEqual(78);
});
