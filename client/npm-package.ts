import { isBuiltin } from "node:module";
import { build } from "esbuild";
import { GridError } from "../protocol/errors.ts";
import type { PackageUse } from "./source-imports.ts";

/**
 * One npm package as one self-contained ES module that exports just what the author uses. The names are written out,
 * which also makes a CommonJS package's exports importable by name.
 * Undefined for a module of Node itself: the API refuses that import with its position.
 * @throws GridError forbidden-import when the package is not installed or itself needs Node
 */
export async function bundlePackage(use: PackageUse, root: string): Promise<string | undefined> {
  if (isBuiltin(use.name)) return undefined;
  const name = JSON.stringify(use.name);
  const named = [...use.names].map((each) => (/^[\w$]+$/.test(each) ? each : JSON.stringify(each)));
  const facade = [
    named.length > 0 || !use.all ? `export { ${named.join(", ")} } from ${name};` : "",
    use.all ? `export * from ${name};` : "",
    named.length === 0 && !use.all ? `import ${name};` : "",
  ].join("\n");
  try {
    const built = await build({
      stdin: { contents: facade, resolveDir: root, sourcefile: use.name, loader: "js" },
      bundle: true,
      write: false,
      format: "esm",
      platform: "neutral",
      mainFields: ["module", "main"],
      conditions: ["import", "module", "default"],
      target: "esnext",
      legalComments: "inline",
      charset: "utf8",
      define: { "process.env.NODE_ENV": '"production"' },
      logLevel: "silent",
    });
    return built.outputFiles[0]!.text;
  } catch (error) {
    throw packageError(error, use);
  }
}

function packageError(error: unknown, use: PackageUse): unknown {
  const first = (error as { errors?: { text: string }[] }).errors?.[0];
  if (first === undefined) return error;
  const missing = /^Could not resolve "(.*)"/.exec(first.text)?.[1];
  const { importedBy: file } = use;
  if (missing === use.name) {
    const installed = use.name
      .split("/")
      .slice(0, use.name.startsWith("@") ? 2 : 1)
      .join("/");
    return new GridError(
      "forbidden-import",
      `${file} imports "${use.name}", which is not installed`,
      {
        hint: `npm install ${installed}`,
        name: use.name,
      },
    );
  }
  if (missing !== undefined && isBuiltin(missing)) {
    return new GridError(
      "forbidden-import",
      `${file} imports "${use.name}", which needs Node's "${missing}"`,
      { hint: "a sandbox has no Node modules; use a package of pure JavaScript", name: use.name },
    );
  }
  return new GridError("forbidden-import", `"${use.name}" cannot be bundled: ${first.text}`, {
    name: use.name,
  });
}
