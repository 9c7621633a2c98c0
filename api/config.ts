import { resolve } from "node:path";
import { z } from "zod";
import { leaseMs } from "../protocol/limits.ts";
import { creditsSchema, microOf } from "../protocol/money.ts";
import type { QuotaName } from "../protocol/quotas.ts";
import { idleMsMax } from "./store/port.ts";

const megabyte = 1024 * 1024;

/** A number of the environment: its variable is text, and empty counts as absent. */
const number = (low: number, high: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, "a whole number")
    .transform(Number)
    .pipe(z.number().int().min(low).max(high))
    .default(fallback);

/** Credits of the environment, as microcredits. */
const credits = (fallback: number) =>
  z
    .string()
    .regex(/^\d+(?:\.\d+)?$/, "an amount of credits")
    .transform(Number)
    .pipe(creditsSchema)
    .default(fallback)
    .transform(microOf);

const environmentSchema = z.object({
  PORT: number(0, 65_535, 8080),
  HOST: z.string().default("127.0.0.1"),
  DATA_DIR: z
    .string()
    .default("./.sparegrid")
    .transform((path) => resolve(path)),
  REDIS_URL: z
    .string()
    .regex(
      /^(?:rediss?:\/\/|unix:|redis\+cluster:\/\/)\S+$/,
      "a redis://, rediss://, unix: or redis+cluster:// address",
    )
    .optional(),
  RUNNERS: number(0, 64, 1),
  STARTER: number(0, 1, 1),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .optional(),
  LEASE_MS: number(100, 600_000, leaseMs),
  JOB_RETENTION_HOURS: number(1, 24 * 365, 24 * 7),
  BLOB_GRACE_MS: number(1_000, idleMsMax / 2, 3_600_000),
  REMEMBERED_MB: number(0, 1_000_000_000, 4096),
  REMEMBERED_MB_PER_ACCOUNT: number(0, 1_000_000_000, 1024),
  REMEMBERED_HOURS: number(1, 24 * 365, 24 * 7),
  WRITES_PER_SECOND: number(0, 1_000_000, 100),
  SIGN_INS_PER_MINUTE: number(1, 1_000_000, 20),
  PROXIES: number(0, 10, 0),
  VIEWS_PER_DAY_MAX: number(0, 10_000, 50),
  JOB_BUDGET_DEFAULT: credits(10),
  PLATFORM_FEE_PERCENT: number(0, 100, 5),
  DATASET_BYTES_MAX: number(1, Number.MAX_SAFE_INTEGER, 64 * 1024 ** 3),
  QUOTA_FUNCTIONS: number(0, Number.MAX_SAFE_INTEGER, 500),
  QUOTA_VERSIONS: number(0, Number.MAX_SAFE_INTEGER, 10_000),
  QUOTA_DATASETS: number(0, Number.MAX_SAFE_INTEGER, 1_000),
  QUOTA_DATASET_BYTES: number(0, Number.MAX_SAFE_INTEGER, 100 * 1024 ** 3),
  QUOTA_ACTIVE_JOBS: number(0, Number.MAX_SAFE_INTEGER, 500),
  QUOTA_KEYS: number(0, 10_000, 100),
  QUOTA_RUNNERS: number(0, Number.MAX_SAFE_INTEGER, 200),
  OPERATOR_GRANT: credits(1_000_000),
  SIGNUP_GRANT: credits(100),
});

/** Names and meanings for `npm start -- --help`. */
export const configHelp: Record<keyof z.infer<typeof environmentSchema>, string> = {
  PORT: "port to listen on; 0 takes a free one (8080)",
  HOST: "address to listen on; 0.0.0.0 for all (127.0.0.1)",
  DATA_DIR: "where the catalog, datasets and credentials live (./.sparegrid)",
  REDIS_URL: "keep shards, tasks and results in Redis instead of DATA_DIR",
  RUNNERS: "runners to start along with the API; 0 for none (1)",
  STARTER: "functions and datasets to begin with, on a new data folder; 0: an empty market (1)",
  LOG_LEVEL: "trace, debug, info, warn, error, fatal or silent (info)",
  PUBLIC_URL: "URL by which clients reach this API, when it is not http://HOST:PORT",
  LEASE_MS: "milliseconds after which a silent runner loses its leases (15000)",
  JOB_RETENTION_HOURS: "hours that an ended job and its result are kept (168)",
  BLOB_GRACE_MS: "milliseconds that data stays which nobody needs any more (3600000)",
  REMEMBERED_MB: "megabytes of results that are remembered, of all accounts; 0: none (4096)",
  REMEMBERED_MB_PER_ACCOUNT: "megabytes of results that are remembered of one account (1024)",
  REMEMBERED_HOURS: "hours that a result is remembered which nobody uses (168)",
  WRITES_PER_SECOND:
    "writes of one account in the long run, a minute's worth at once; 0: any (100)",
  SIGN_INS_PER_MINUTE: "attempts to sign in or up from one address (20)",
  PROXIES: "proxies in front, whose X-Forwarded-For is believed (0)",
  VIEWS_PER_DAY_MAX: "commercials that one account is paid for watching in a day; 0: none (50)",
  JOB_BUDGET_DEFAULT: "credits that a job holds which names no budget and was not estimated (10)",
  PLATFORM_FEE_PERCENT: "percent of what work costs that the platform takes (5)",
  DATASET_BYTES_MAX: "bytes that one upload may have (64 GiB)",
  QUOTA_FUNCTIONS: "functions that one member may have (500)",
  QUOTA_VERSIONS: "versions of them, over all (10000)",
  QUOTA_DATASETS: "datasets that one member may have (1000)",
  QUOTA_DATASET_BYTES: "bytes of them, over all (100 GiB)",
  QUOTA_ACTIVE_JOBS: "jobs of one member that have not ended (500)",
  QUOTA_KEYS: "keys of one account (100)",
  QUOTA_RUNNERS: "runners of one member that are connected (200)",
  OPERATOR_GRANT: "credits that the first start gives to the operator (1000000)",
  SIGNUP_GRANT: "credits that a new member gets (100)",
};

export interface Config {
  port: number;
  host: string;
  dataDir: string;
  redisUrl: string | undefined;
  runners: number;
  /** Whether a new installation gets functions and datasets to begin with. */
  starter: boolean;
  logLevel: z.infer<typeof environmentSchema>["LOG_LEVEL"];
  publicUrl: string | undefined;
  leaseMs: number;
  jobRetentionHours: number;
  /** How long a blob stays that nobody needs; longer than any request takes from storing to using one. */
  blobGraceMs: number;
  /** Results that are remembered beyond their job. */
  rememberedBytesMax: number;
  rememberedBytesPerAccountMax: number;
  rememberedMs: number;
  jobBudgetMicroDefault: number;
  platformFeePercent: number;
  datasetBytesMax: number;
  /** Of one account, over all campaigns. */
  viewsPerDayMax: number;
  /** Of one account; 0 for no limit. */
  writesPerSecond: number;
  /** From one address. */
  signInsPerMinute: number;
  /** How many of our own stand between us and the clients. */
  proxies: number;
  /** Of one account, unless an operator gave it another. */
  quotas: Readonly<Record<QuotaName, number>>;
  operatorGrantMicro: number;
  signUpGrantMicro: number;
}

/** Every fault of the environment at once, one a line. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** @throws ConfigError naming every variable at fault */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.keys(configHelp)
      .filter((name) => environment[name] !== undefined && environment[name] !== "")
      .map((name) => [name, environment[name]]),
  );
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return `  ${name}=${given[name]}: ${issue.message}`;
    });
    throw new ConfigError(`The environment is not valid:\n${faults.join("\n")}`);
  }
  const values = parsed.data;
  return {
    port: values.PORT,
    host: values.HOST,
    dataDir: values.DATA_DIR,
    redisUrl: values.REDIS_URL,
    runners: values.RUNNERS,
    starter: values.STARTER === 1,
    logLevel: values.LOG_LEVEL,
    publicUrl: values.PUBLIC_URL,
    leaseMs: values.LEASE_MS,
    jobRetentionHours: values.JOB_RETENTION_HOURS,
    blobGraceMs: values.BLOB_GRACE_MS,
    rememberedBytesMax: values.REMEMBERED_MB * megabyte,
    rememberedBytesPerAccountMax: values.REMEMBERED_MB_PER_ACCOUNT * megabyte,
    rememberedMs: values.REMEMBERED_HOURS * 3_600_000,
    jobBudgetMicroDefault: values.JOB_BUDGET_DEFAULT,
    platformFeePercent: values.PLATFORM_FEE_PERCENT,
    datasetBytesMax: values.DATASET_BYTES_MAX,
    viewsPerDayMax: values.VIEWS_PER_DAY_MAX,
    writesPerSecond: values.WRITES_PER_SECOND,
    signInsPerMinute: values.SIGN_INS_PER_MINUTE,
    proxies: values.PROXIES,
    quotas: {
      functions: values.QUOTA_FUNCTIONS,
      versions: values.QUOTA_VERSIONS,
      datasets: values.QUOTA_DATASETS,
      datasetBytes: values.QUOTA_DATASET_BYTES,
      activeJobs: values.QUOTA_ACTIVE_JOBS,
      keys: values.QUOTA_KEYS,
      runners: values.QUOTA_RUNNERS,
    },
    operatorGrantMicro: values.OPERATOR_GRANT,
    signUpGrantMicro: values.SIGNUP_GRANT,
  };
}

export function helpText(): string {
  const lines = Object.entries(configHelp).map(([name, text]) => `  ${name.padEnd(20)} ${text}`);
  return `Starts the Sparegrid API. It is configured by environment variables:\n\n${lines.join("\n")}\n`;
}
