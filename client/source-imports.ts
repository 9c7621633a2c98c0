import type { ImportDeclaration, Node, Program } from "acorn";
import { parse } from "acorn";
import { transform } from "esbuild";

/** What the author takes from one npm package (or a path within it). */
export interface PackageUse {
  name: string;
  /** Named exports, "default" included. */
  names: Set<string>;
  /** `import * as` or `export *`: everything. */
  all: boolean;
  /** Where it is first imported, for messages: file and the statement's text. */
  importedBy: string;
}

/** What a bundle gets from the platform: never packed along. */
const provided = /^(?:sparegrid(?:\/|$)|node:)/;

/** Adds the npm packages that one file imports to `packages`. Types are erased before looking. */
export async function importsOf(
  file: string,
  text: string,
  packages: Map<string, PackageUse>,
): Promise<void> {
  const { code } = await transform(text, {
    loader: loaderOf(file),
    format: "esm",
    target: "esnext",
  });
  const program: Program = parse(code, { ecmaVersion: "latest", sourceType: "module" });
  for (const statement of program.body) {
    const specifier = specifierOf(statement);
    if (specifier === undefined || specifier.startsWith(".") || provided.test(specifier)) continue;
    const use = packages.get(specifier) ?? {
      name: specifier,
      names: new Set<string>(),
      all: false,
      importedBy: file,
    };
    packages.set(specifier, use);
    addNames(statement, use);
  }
}

function specifierOf(statement: Program["body"][number]): string | undefined {
  switch (statement.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return typeof statement.source?.value === "string" ? statement.source.value : undefined;
    default:
      return undefined;
  }
}

function addNames(statement: Program["body"][number], use: PackageUse): void {
  if (statement.type === "ExportAllDeclaration") use.all = true;
  if (statement.type === "ImportDeclaration") addImported(statement, use);
  if (statement.type === "ExportNamedDeclaration")
    for (const specifier of statement.specifiers) use.names.add(nameOf(specifier.local));
}

function addImported(statement: ImportDeclaration, use: PackageUse): void {
  for (const specifier of statement.specifiers) {
    if (specifier.type === "ImportNamespaceSpecifier") use.all = true;
    else if (specifier.type === "ImportDefaultSpecifier") use.names.add("default");
    else use.names.add(nameOf(specifier.imported));
  }
}

function nameOf(node: Node): string {
  const { name, value } = node as { name?: string; value?: unknown };
  return name ?? String(value);
}

function loaderOf(file: string): "ts" | "js" | "tsx" {
  if (/\.[mc]?js$/.test(file)) return "js";
  return /\.[jt]sx$/.test(file) ? "tsx" : "ts";
}
