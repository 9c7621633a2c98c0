import path from "node:path";
import type { Plugin, Rolldown } from "vite";

const routes = path.resolve(import.meta.dirname, "../site/routes.ts");
const route = /^\s*"(\/[^"]*)": \(\) => import\("([^"]+)"\)/gm;

/**
 * Writes pages.json: for each address of site/routes.ts, the files of its page besides those that the document names.
 * The API names them, too, to who opens that address: a browser then asks for all of them at once, instead of finding
 * out with each what else it needs.
 */
export function pageFiles(): Plugin {
  let source = "";
  return {
    name: "page-files",
    transform(code, id) {
      if (id === routes) source = code;
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
        const first = filesOf(
          chunks.find((chunk) => chunk.isEntry),
          bundle,
        );
        const pages = [...source.matchAll(route)].map(([, address, module]) => {
          const id = path.resolve(path.dirname(routes), module ?? "");
          const chunk = chunks.find((one) => one.facadeModuleId === id);
          if (chunk === undefined) this.error(`the page at ${address} is in no chunk of its own`);
          const files = [...filesOf(chunk, bundle)].filter((file) => !first.has(file));
          return [address, files] as const;
        });
        if (pages.length === 0) this.error("site/routes.ts has no route that can be read");
        const text = JSON.stringify(Object.fromEntries(pages));
        this.emitFile({ type: "asset", fileName: "pages.json", source: text });
      },
    },
  };
}

/** A chunk's own file, those that it imports, and their styles. */
function filesOf(
  chunk: Rolldown.OutputChunk | undefined,
  bundle: Rolldown.OutputBundle,
  found = new Set<string>(),
): Set<string> {
  if (chunk === undefined || found.has(chunk.fileName)) return found;
  found.add(chunk.fileName);
  for (const name of chunk.imports) {
    const file = bundle[name];
    if (file?.type === "chunk") filesOf(file, bundle, found);
  }
  for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style);
  return found;
}
