import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The licences of the libraries that a bundle contains, which ask to be handed on with it.
 * @param inputs the paths that esbuild's metafile lists, relative to `root`
 */
export function noticesOf(inputs: readonly string[], root: string): string {
  const folders = new Set(
    inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const notices = [...folders].sort().map((folder) => {
    const path = join(root, folder);
    const { name, version } = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as {
      name: string;
      version: string;
    };
    const file = readdirSync(path).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${folder} has no licence to hand on`);
    return `${name} ${version}\n\n${readFileSync(join(path, file), "utf8").trim()}\n`;
  });
  return `This package contains the following libraries.\n\n${notices.join("\n----\n\n")}`;
}
