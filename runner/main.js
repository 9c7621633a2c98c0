import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Plain JavaScript, unlike all that it loads: Node's type stripper takes 18 MB for as long as the process lives, and
// compiling what is stripped takes 15 MB more. So modules come from a cache, which after an installation or a change is
// filled by a process that ends at once. A home that cannot be written only means no cache.
enableCompileCache(join(homedir(), ".sparegrid", "cache", "modules"));
const args = process.argv.slice(2);
if (args[0] !== "--help" && cacheIsStale(getCompileCacheDir()))
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--help"], { stdio: "ignore" });
const { main } = await import("./program.ts");
await main(args, process.env);

/** @param {string | undefined} cache */
function cacheIsStale(cache) {
  if (cache === undefined) return false;
  if (readdirSync(cache).length === 0) return true;
  const { mtimeMs } = statSync(cache);
  return [".", "../sandbox", "../protocol"].some((folder) => {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    // When a file came here, whatever the time it carries from where it was packed.
    return readdirSync(path).some((name) => statSync(join(path, name)).ctimeMs > mtimeMs);
  });
}
