import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { GridError } from "../../../protocol/errors.ts";
import { buildOf, pack } from "./pack.ts";
import { type PackageFile, packageFile, packageFilesSchema } from "./package-file.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("./build.ts", import.meta.url));
const buildMsMax = 120_000;
const buildBytesMax = 64 * 1024 * 1024;
/** A server has one address, or a few; who invents further ones only makes it pack again. */
const addressesMax = 16;

export interface ServedPackage {
  build: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, in hex. */
  digest: string;
}

/**
 * The runner as npm installs it from this server. Built from the sources when it is first asked for, by a process that
 * ends then (esbuild takes memory that is not given back), and packed once for each address: the package says which
 * server it came from.
 */
export class RunnerPackage {
  readonly #log: Logger;
  readonly #stopping: AbortSignal;
  #files: Promise<PackageFile[]> | undefined;
  readonly #packed = new LRUCache<string, Promise<ServedPackage>>({ max: addressesMax });

  constructor(log: Logger, stopping: AbortSignal) {
    this.#log = log;
    this.#stopping = stopping;
  }

  /** @throws GridError internal when it cannot be built; the next call tries again */
  async from(server: string): Promise<ServedPackage> {
    let packed = this.#packed.get(server);
    if (packed === undefined) {
      packed = this.#pack(server);
      this.#packed.set(server, packed);
      packed.catch(() => this.#packed.delete(server));
    }
    return await packed;
  }

  async #pack(server: string): Promise<ServedPackage> {
    this.#files ??= this.#build();
    const files = await this.#files;
    const build = buildOf(files);
    const about = `${JSON.stringify({ url: server, build }, null, 2)}\n`;
    const origin = packageFile("server.json", about);
    const bytes = new Uint8Array(await pack([...files, origin]));
    return { build, bytes, digest: hash("sha256", bytes) };
  }

  async #build(): Promise<PackageFile[]> {
    const startedMs = performance.now();
    try {
      const { stdout } = await run(process.execPath, [program], {
        timeout: buildMsMax,
        maxBuffer: buildBytesMax,
        signal: this.#stopping,
      });
      const ms = Math.round(performance.now() - startedMs);
      this.#log.info({ ms }, "the runner's package is built");
      return packageFilesSchema.parse(JSON.parse(stdout));
    } catch (cause) {
      this.#files = undefined;
      throw new GridError(
        "internal",
        "The runner's package cannot be built from this server's installation.",
        { hint: "On the server, `npm run build` tells why." },
        { cause },
      );
    }
  }
}
