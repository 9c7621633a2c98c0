import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// isolated-vm refuses to load unless the process was started with --no-node-snapshot, and that flag is not
// allowed in NODE_OPTIONS, so it goes through the pool's execArgv.
// Tests start hundreds of processes, most of whose time is stripping and compiling: they share a cache of that.
const modulesCache = fileURLToPath(new URL("node_modules/.cache/modules", import.meta.url));
const shared = {
  pool: "forks" as const,
  execArgv: ["--no-node-snapshot", "--import", "./api/quick-start.js"],
  env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? modulesCache },
};
const code = ["protocol", "functions", "sandbox", "api", "runner", "client", "console", "demo"];
/** Programs that take all they can get, against limits in time and memory; runners that race. Nothing runs beside them. */
const againstTime = ["tests/hostile/**/*.test.ts", "tests/e2e/lifecycle.test.ts"];

/** Files that take long first: one that began last would be waited for by a core that has nothing left to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const { true: long = [], false: short = [] } = Object.groupBy(sorted, (file) => {
      const { project, moduleId } = file;
      return String(project.name !== "unit" || moduleId.endsWith("histories.test.ts"));
    });
    return [...long, ...short];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          // Nothing keeps state in modules, so files of a worker may share them: most of a small file's time went into
          // loading the same libraries again. By default Vitest would leave one of two cores idle.
          isolate: false,
          maxWorkers: "100%",
          include: [...code.map((folder) => `${folder}/**/*.test.ts`), "tests/repository.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Whole processes and Redis servers. They wait as much as they work, so two files share the machine.
        test: {
          ...shared,
          name: "system",
          include: ["tests/{conformance,e2e}/**/*.test.ts"],
          exclude: againstTime,
          maxWorkers: "100%",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: "alone",
          include: againstTime,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // People's journeys through the console, in a real Chromium. They wait as much as they work, too.
        test: {
          ...shared,
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          globalSetup: "tests/browser/build-console.ts",
          maxWorkers: "100%",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...shared,
          name: "chaos",
          include: ["tests/chaos/**/*.test.ts"],
          maxWorkers: "100%",
          testTimeout: 900_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
