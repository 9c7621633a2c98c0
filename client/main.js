#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// The `sparegrid` command. Plain JavaScript, unlike all that it loads: modules come from a cache, stripped and compiled,
// and where none needs stripping Node does not even load its stripper. The command starts in half the time. A home that
// cannot be written only means no cache.
enableCompileCache(join(homedir(), ".sparegrid", "cache", "command"));
await import("./cli/main.ts");
