import { createClient, GridError, type Runner } from "../../index.ts";
import type { Connection } from "../connection.ts";
import { plural } from "../format.ts";
import { messageOf } from "../report.ts";
import { bad, type Finding, good, skip, warn } from "./check.ts";

const timeoutMs = 5_000;
const skewMsMax = 5_000;

/** The API, the key, runners and clocks, each looked at only when the one before was good. */
export async function checkApi({ url, urlFrom, key, keyFrom }: Connection): Promise<Finding[]> {
  const startedAtMs = Date.now();
  let answer: Response;
  try {
    answer = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(timeoutMs) });
    await answer.arrayBuffer();
  } catch {
    const away = bad(
      "API",
      `nothing answers at ${url} (from ${urlFrom})`,
      "npm start starts one; --url or SPAREGRID_URL says where it is",
    );
    return [away, ...["Key", "Runners", "Clock"].map((name) => skip(name, "needs the API"))];
  }
  const tripMs = Date.now() - startedAtMs;
  const api = answer.ok
    ? good("API", `${url} is ready (from ${urlFrom}), ${tripMs} ms`)
    : bad("API", `${url} answers ${answer.status}: it is not ready`, "its log says why");
  const clock = checkClock(answer.headers.get("date"), startedAtMs + tripMs / 2);
  if (key === undefined) {
    const missing = bad(
      "Key",
      "none is given",
      "--key, SPAREGRID_KEY or DATA_DIR/credentials.json",
    );
    return [api, missing, skip("Runners", "needs a key"), clock];
  }
  return [api, ...(await checkRunners(url, key, keyFrom)), clock];
}

async function checkRunners(url: string, key: string, keyFrom: string): Promise<Finding[]> {
  const client = createClient({ url, key, retry: { attemptsMax: 1 } });
  let runners: Runner[];
  try {
    runners = await client.runners({ signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const refused = error instanceof GridError && error.code === "unauthorized";
    const finding = refused
      ? bad("Key", `the API does not accept the key (from ${keyFrom})`, "is it this API's key?")
      : bad("Key", `cannot be tried: ${messageOf(error)}`, "the API's log says why");
    return [finding, skip("Runners", "needs an accepted key")];
  }
  const accepted = good("Key", `accepted (from ${keyFrom})`);
  if (runners.length === 0)
    return [
      accepted,
      warn("Runners", "none is connected: jobs wait", "sparegrid runner starts one"),
    ];
  const slots = runners.reduce((sum, runner) => sum + runner.slots, 0);
  const classes = new Set(runners.map((runner) => runner.hostClass));
  return [
    accepted,
    good(
      "Runners",
      `${runners.length} connected, ${plural(slots, "slot")}, ${[...classes].join(", ")}`,
    ),
  ];
}

/** The Date header has whole seconds, so only what is beyond that and the trip counts. Pure. */
export function checkClock(date: string | null, middleMs: number): Finding {
  const serverMs = Date.parse(date ?? "");
  if (Number.isNaN(serverMs)) return skip("Clock", "the API does not tell the time");
  const skewMs = Math.max(0, Math.abs(serverMs + 500 - middleMs) - 500);
  if (skewMs <= skewMsMax) return good("Clock", "agrees with the API's");
  return warn(
    "Clock",
    `differs from the API's by ${Math.round(skewMs / 1000)} s`,
    "let both machines synchronize their time",
  );
}

export async function checkRedis(redisUrl: string | undefined): Promise<Finding> {
  if (redisUrl === undefined || redisUrl === "")
    return skip("Redis", "REDIS_URL is not set: the embedded store is used");
  const { Redis } = await import("ioredis");
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => {}); // the rejection below tells
  try {
    await redis.connect();
    const version = /redis_version:(\S+)/.exec(await redis.info("server"))?.[1] ?? "unknown";
    if (Number(version.split(".")[0]) < 7)
      return bad("Redis", `version ${version} has no Functions`, "Redis 7 or Valkey is needed");
    return good("Redis", `version ${version} answers`);
  } catch (error) {
    return bad("Redis", `cannot be reached: ${messageOf(error)}`, "check REDIS_URL");
  } finally {
    redis.disconnect();
  }
}
