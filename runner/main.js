import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { enableCompileCache, getCompileCacheDir } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Plain JavaScript, unlike all that it loads: Node's type stripper takes 18 MB for as long as the process lives, and
// compiling what is stripped takes 15 MB more. So modules come from a cache, which at the first start is filled by a
// process that ends at once. A home that cannot be written only means no cache.
enableCompileCache(join(homedir(), ".sparegrid", "cache", "modules"));
const cache = getCompileCacheDir();
const args = process.argv.slice(2);
if (cache !== undefined && args[0] !== "--help" && readdirSync(cache).length === 0)
  spawnSync(process.execPath, [fileURLToPath(import.meta.url), "--help"], { stdio: "ignore" });
const { main } = await import("./program.ts");
await main(args, process.env);
