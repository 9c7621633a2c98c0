import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// Before anything else is loaded: from its second start on, the runner takes its modules from this cache. Stripping the
// types of all of them anew takes time, and memory that is never given back. A home that cannot be written only means
// no cache.
enableCompileCache(join(homedir(), ".sparegrid", "cache", "modules"));
const { main } = await import("./program.ts");
await main(process.argv.slice(2), process.env);
