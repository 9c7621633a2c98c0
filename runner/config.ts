import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pagePortDefault } from "../protocol/runner-page.ts";

export const usage = `Usage: node runner/main.js --url <gateway> --token <token> [options]
       node runner/main.js settings [name=value…] | pause [1h|restart] | resume | status  [--data-dir <path>]

Lends this machine's spare time to a Sparegrid: connects to the gateway, runs what it sends in sandboxes.

Options (environment variable in parentheses):
  --url <address>     the gateway, for instance https://grid.example (SPAREGRID_URL)
  --token <token>     a runner token of your account (SPAREGRID_TOKEN)
  --name <name>       shown to operators; default: this host's name (SPAREGRID_NAME)
  --slots <n>         tasks at once; default: cores - 1, at least 1 (SPAREGRID_SLOTS)
  --ask <multiple>    of a function's rate: work only for jobs that pay it or more; default: 1 (SPAREGRID_ASK)
  --memory <MB>       memory to lend; default: half of this machine's (SPAREGRID_MEMORY)
  --data-dir <path>   keeps this installation's id; default: ~/.sparegrid/runner (SPAREGRID_DATA_DIR)
  --log-level <level> debug, info, warn, error or silent; default: info (LOG_LEVEL)
  --page <port|off>   this machine's own page, on 127.0.0.1; default: 7777, or the next free port (SPAREGRID_PAGE)
  --log-file <path>   write the log there, at most 8 MB, instead of to the output (SPAREGRID_LOG_FILE)
  --help              this text

SIGINT or SIGTERM finishes or hands back what is running, within 10 s; a second one ends at once.
`;

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

/** What a runner's process is told. Without an address or a token it joins by its page. */
export interface Config {
  url?: string;
  token?: string;
  name?: string;
  slots?: number;
  ask?: number;
  /** MB. */
  memory?: number;
  dataDir: string;
  logLevel: (typeof logLevels)[number];
  logFile?: string;
  /** Names the content of an installed program; its package sets it. */
  build?: string;
  /** The port of its page. */
  page: number | "off";
}

export type ConfigOutcome =
  | { type: "config"; config: Config }
  | { type: "help" }
  /** Every fault, one a line. */
  | { type: "faults"; faults: string[] };

/** Flag, environment variable, and what is wrong with a value; by hand, as a schema library costs 14 MB for life. */
const settings = {
  url: ["--url", "SPAREGRID_URL", addressFault],
  token: ["--token", "SPAREGRID_TOKEN", () => undefined],
  name: ["--name", "SPAREGRID_NAME", lengthFault],
  slots: ["--slots", "SPAREGRID_SLOTS", countFault(1, 1024)],
  ask: ["--ask", "SPAREGRID_ASK", askFault],
  memory: ["--memory", "SPAREGRID_MEMORY", countFault(256, Number.MAX_SAFE_INTEGER, " MB")],
  dataDir: ["--data-dir", "SPAREGRID_DATA_DIR", () => undefined],
  logLevel: ["--log-level", "LOG_LEVEL", levelFault],
  logFile: ["--log-file", "SPAREGRID_LOG_FILE", () => undefined],
  page: ["--page", "SPAREGRID_PAGE", pageFault],
} as const satisfies Record<
  Exclude<keyof Config, "build">,
  readonly [string, string, (value: string) => string | undefined]
>;

/** Flags win over the environment. Pure. */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigOutcome {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        url: { type: "string" },
        token: { type: "string" },
        name: { type: "string" },
        slots: { type: "string" },
        ask: { type: "string" },
        memory: { type: "string" },
        "data-dir": { type: "string" },
        "log-level": { type: "string" },
        "log-file": { type: "string" },
        page: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    return { type: "faults", faults: [(error as Error).message] };
  }
  if (values.help) return { type: "help" };
  const given: Partial<Record<keyof Config, string>> = {};
  const faults: string[] = [];
  const pageOff = (values.page ?? env[settings.page[1]]) === "off";
  for (const [field, [flag, variable, faultOf]] of Object.entries(settings)) {
    const value = String(values[flag.slice(2)] ?? env[variable] ?? "");
    const needed = (field === "url" || field === "token") && pageOff;
    const fault = value === "" ? (needed ? "is needed" : undefined) : faultOf(value);
    if (fault !== undefined) faults.push(`${flag} (${variable}) ${fault}`);
    else if (value !== "") given[field as keyof Config] = value;
  }
  if (faults.length > 0) return { type: "faults", faults };
  return {
    type: "config",
    config: {
      ...(given.url !== undefined && { url: given.url }),
      ...(given.token !== undefined && { token: given.token }),
      ...(given.name !== undefined && { name: given.name }),
      ...(given.slots !== undefined && { slots: Number(given.slots) }),
      ...(given.ask !== undefined && { ask: Number(given.ask) }),
      ...(given.memory !== undefined && { memory: Number(given.memory) }),
      dataDir: given.dataDir ?? join(homedir(), ".sparegrid", "runner"),
      logLevel: (given.logLevel ?? "info") as Config["logLevel"],
      ...(given.logFile !== undefined && { logFile: given.logFile }),
      ...(env.SPAREGRID_BUILD !== undefined && { build: env.SPAREGRID_BUILD }),
      page: given.page === "off" ? "off" : Number(given.page ?? pagePortDefault),
    },
  };
}

function addressFault(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url && /^https?:$/.test(url.protocol) ? undefined : "must be an http or https address";
}

function lengthFault(value: string): string | undefined {
  return value.length > 100 ? "has at most 100 characters" : undefined;
}

function askFault(value: string): string | undefined {
  const ask = Number(value);
  const fits = /^\d+(?:\.\d{1,2})?$/.test(value) && ask >= 0.1 && ask <= 100;
  return fits ? undefined : "is a number from 0.1 to 100 with at most two decimals";
}

function pageFault(value: string): string | undefined {
  return value === "off" || (/^\d{1,5}$/.test(value) && Number(value) <= 65_535)
    ? undefined
    : "is a port from 0 to 65535, or off";
}

function levelFault(value: string): string | undefined {
  const known: readonly string[] = logLevels;
  return known.includes(value) ? undefined : `is one of ${logLevels.join(", ")}`;
}

function countFault(min: number, max: number, unit = ""): (value: string) => string | undefined {
  return (value) => {
    const count = Number(value);
    if (Number.isNaN(count)) return "must be a number";
    if (!Number.isSafeInteger(count)) return "must be a whole number";
    if (count < min) return `is at least ${min}${unit}`;
    return count > max ? `is at most ${max}${unit}` : undefined;
  };
}
