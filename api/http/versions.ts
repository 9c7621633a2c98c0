import { LRUCache } from "lru-cache";
import { GridError } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import type { Functions } from "../catalog/functions.ts";
import { nearest } from "./suggest.ts";

/** A version as the hot path needs it. */
export interface Version {
  function: string;
  digest: string;
  description: Description;
}

const versionsCachedMax = 2_000;
/** Shorter beginnings of a digest would soon be ambiguous. */
const prefixCharsMin = 8;

/** Finds versions by name, in memory once found. Publishing is the only thing that changes an answer. */
export class Versions {
  readonly #functions: Functions;
  /** By name (the newest), and by "name@version". */
  readonly #found = new LRUCache<string, Version>({ max: versionsCachedMax });

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** @throws GridError not-found, with the name that was perhaps meant; conflict for an ambiguous beginning */
  find(name: string, version?: string): Version {
    const key = version === undefined || version === "latest" ? name : `${name}@${version}`;
    const found = this.#found.get(key);
    if (found) return found;
    const digest = this.#digestOf(name, version);
    const row = this.#functions.version(name, digest);
    if (!row)
      throw new GridError("not-found", `Function ${name} has no version ${version}.`, { name });
    const resolved = { function: name, digest, description: row.description };
    this.#found.set(key, resolved);
    return resolved;
  }

  published(name: string): void {
    for (const key of this.#found.keys())
      if (key === name || key.startsWith(`${name}@`)) this.#found.delete(key);
  }

  #digestOf(name: string, version: string | undefined): string {
    const row = this.#functions.find(name);
    if (!row) {
      const meant = nearest(name, this.#functions.names(200));
      throw new GridError("not-found", `There is no function "${name}".`, {
        name,
        hint: meant ? `Did you mean "${meant}"?` : "GET /v1/functions lists what is published.",
      });
    }
    if (version === undefined || version === "latest") return row.latest;
    const digests =
      version.length >= prefixCharsMin ? this.#functions.digestsBeginning(name, version) : [];
    if (digests.length > 1)
      throw new GridError("conflict", `Several versions of ${name} begin with ${version}.`, {
        hint: "Give more characters of the version.",
      });
    if (digests.length === 0)
      throw new GridError("not-found", `Function ${name} has no version "${version}".`, {
        name: version,
        hint: `A version is named by its digest or the first ${prefixCharsMin} or more characters of it, or "latest".`,
      });
    return digests[0]!;
  }
}
