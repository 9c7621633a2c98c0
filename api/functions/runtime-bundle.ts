import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { GridError } from "../../protocol/errors.ts";
import { bundleOwn } from "./bundle.ts";

const entryPath = fileURLToPath(new URL("../../functions/sdk/runtime/entry.ts", import.meta.url));

/** The guest runtime as an expression: a closure's call that gives the entry's default export. */
export async function buildRuntime(): Promise<string> {
  const code = await bundleOwn(entryPath);
  const last = parse(code, { ecmaVersion: "latest", sourceType: "module" }).body.at(-1);
  const specifier =
    last?.type === "ExportNamedDeclaration"
      ? last.specifiers.find(
          ({ exported }) => exported.type === "Identifier" && exported.name === "default",
        )
      : undefined;
  if (!last || specifier?.local.type !== "Identifier")
    throw new GridError("internal", "the guest runtime has no default export");
  return `(() => {\n${code.slice(0, last.start)}return ${specifier.local.name};\n})()`;
}
