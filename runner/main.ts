import { pino } from "pino";
import packageJson from "../package.json" with { type: "json" };
import { readConfig, usage } from "./config.ts";
import { startRunner } from "./index.ts";
import { prettyLines } from "./pretty-lines.ts";

const outcome = readConfig(process.argv.slice(2), process.env);
if (outcome.type === "help") {
  process.stdout.write(usage);
  process.exit(0);
}
if (outcome.type === "faults") {
  process.stderr.write(`${outcome.faults.join("\n")}\n\nTry --help.\n`);
  process.exit(2);
}

const { url, token, name, slots, memory, dataDir, logLevel } = outcome.config;
const log = pino(
  { level: logLevel, base: null },
  process.stdout.isTTY ? prettyLines(process.stdout) : pino.destination({ sync: true }),
);

const runner = await startRunner({
  url,
  token,
  dataDir,
  log,
  version: packageJson.version,
  ...(name !== undefined && { name }),
  ...(slots !== undefined && { slots }),
  ...(memory !== undefined && { memoryMb: memory }),
});

let signals = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    signals++;
    if (signals > 1) {
      for (const pid of runner.pids()) killQuietly(pid);
      process.exit(130);
    }
    log.info({ signal }, "draining: finishing what runs, once more to stop at once");
    void runner.close();
  });
}

runner.ready.catch((error: { code?: string }) => {
  // It was logged; what the gateway refuses once it refuses again.
  if (error.code !== "shutting-down") process.exitCode = 1;
});
await runner.ended;

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
