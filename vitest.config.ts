import { defineConfig } from "vitest/config";

// isolated-vm refuses to load unless the process was started with --no-node-snapshot, and that flag is not
// allowed in NODE_OPTIONS, so it goes through the pool's execArgv.
const execArgv = ["--no-node-snapshot"];

export default defineConfig({
  test: {
    pool: "forks",
    execArgv,
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/.sparegrid/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
