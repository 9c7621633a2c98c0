import remapping, { type EncodedSourceMap } from "@jridgewell/remapping";
import { authorPath, type Bundled, isAuthorSource } from "./bundle.ts";
import { type Metered, preamble } from "./meter.ts";

export interface Assembled {
  script: string;
  /** JSON text: from the script to the author's files. What is not the author's has no mapping. */
  sourceMap: string;
}

/**
 * The classic script that an isolate evaluates to a Guest: the runtime first (it makes the globals pure), then the
 * author's metered code in a closure that cannot name the runtime.
 */
export function assemble(runtime: string, bundled: Bundled, metered: Metered): Assembled {
  const { names, code } = metered;
  const head = `(() => { "use strict";
const ${names.runtime} = ${runtime};
${preamble(names, names.runtime)}
return ${names.runtime}.bind((() => {
`;
  const script = `${head}${code}\n})());\n})()`;
  return { script, sourceMap: composeMaps(bundled.map, metered, head.split("\n").length - 1) };
}

function composeMaps(bundledMap: string, { map }: Metered, lines: number): string {
  let loaded = false;
  const composed = remapping(
    { ...map, version: 3, mappings: `${";".repeat(lines)}${map.mappings}` } as EncodedSourceMap,
    () => {
      if (loaded) return null;
      loaded = true;
      return bundledMap;
    },
  );
  // Sources of ours keep their place in the list, without a name: explain() drops their frames.
  const sources = composed.sources.map((source) =>
    source !== null && isAuthorSource(source) ? authorPath(source) : null,
  );
  const sourcesContent = (composed.sourcesContent ?? []).map((content, i) =>
    sources[i] === null ? null : content,
  );
  return JSON.stringify({
    version: 3,
    sources,
    sourcesContent,
    names: composed.names,
    mappings: composed.mappings,
  });
}
