import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";

export const usage = `Usage: node runner/main.ts --url <gateway> --token <token> [options]

Lends this machine's spare time to a Sparegrid: connects to the gateway, runs what it sends in sandboxes.

Options (environment variable in parentheses):
  --url <address>     the gateway, for instance https://grid.example (SPAREGRID_URL)
  --token <token>     a runner token of your account (SPAREGRID_TOKEN)
  --name <name>       shown in the console; default: this host's name (SPAREGRID_NAME)
  --slots <n>         tasks at once; default: cores - 1, at least 1 (SPAREGRID_SLOTS)
  --memory <MB>       memory to lend; default: half of this machine's (SPAREGRID_MEMORY)
  --data-dir <path>   keeps this installation's id; default: ~/.sparegrid/runner (SPAREGRID_DATA_DIR)
  --log-level <level> debug, info, warn, error or silent; default: info (LOG_LEVEL)
  --help              this text

SIGINT or SIGTERM finishes or hands back what is running, within 10 s; a second one ends at once.
`;

const count = z.coerce.number("must be a number").pipe(z.int("must be a whole number"));

/** What a runner's process is told. All of it is optional but the address and the token. */
export const configSchema = z.object({
  url: z.url({ protocol: /^https?$/, error: "must be an http or https address" }),
  token: z.string("is needed").min(1, "is needed"),
  name: z.string().min(1).max(100, "has at most 100 characters").optional(),
  slots: count.pipe(z.int().min(1, "is at least 1").max(1024, "is at most 1024")).optional(),
  memory: count.pipe(z.int().min(256, "is at least 256 MB")).optional(),
  dataDir: z.string().min(1),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]),
});
export type Config = z.infer<typeof configSchema>;

export type ConfigOutcome =
  | { type: "config"; config: Config }
  | { type: "help" }
  /** Every fault, one a line. */
  | { type: "faults"; faults: string[] };

const flags = {
  url: { flag: "--url", variable: "SPAREGRID_URL" },
  token: { flag: "--token", variable: "SPAREGRID_TOKEN" },
  name: { flag: "--name", variable: "SPAREGRID_NAME" },
  slots: { flag: "--slots", variable: "SPAREGRID_SLOTS" },
  memory: { flag: "--memory", variable: "SPAREGRID_MEMORY" },
  dataDir: { flag: "--data-dir", variable: "SPAREGRID_DATA_DIR" },
  logLevel: { flag: "--log-level", variable: "LOG_LEVEL" },
} as const;

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
        memory: { type: "string" },
        "data-dir": { type: "string" },
        "log-level": { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    return { type: "faults", faults: [(error as Error).message] };
  }
  if (values.help) return { type: "help" };
  const given: Record<string, unknown> = {
    dataDir: join(homedir(), ".sparegrid", "runner"),
    logLevel: "info",
  };
  for (const [field, { flag, variable }] of Object.entries(flags)) {
    const value = values[flag.slice(2)] ?? (env[variable] || undefined);
    if (value !== undefined) given[field] = value;
  }
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return { type: "config", config: parsed.data };
  const faults = parsed.error.issues.map((issue) => {
    const { flag, variable } = flags[issue.path[0] as keyof typeof flags];
    return `${flag} (${variable}) ${issue.message}`;
  });
  return { type: "faults", faults };
}
