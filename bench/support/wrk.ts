import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export interface Load {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  failures: number;
}

export function hasWrk(): boolean {
  return spawnSync("wrk", ["--version"]).error === undefined;
}

/** POSTs one body again and again with wrk. */
export async function post(
  url: string,
  options: { body: string; headers: Record<string, string>; connections: number; seconds: number },
): Promise<Load> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "sparegrid-wrk-"));
  const script = path.join(directory, "post.lua");
  const quoted = (text: string) => JSON.stringify(text).replaceAll("\\u", "\\\\u");
  const headers = Object.entries({ "content-type": "application/json", ...options.headers });
  await writeFile(
    script,
    [
      'wrk.method = "POST"',
      `wrk.body = ${quoted(options.body)}`,
      ...headers.map(([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`),
      "done = function(summary, latency)",
      "  local errors = summary.errors",
      '  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, errors.status + errors.connect + errors.read + errors.timeout))',
      "end",
    ].join("\n"),
  );
  const args = ["-t1", `-c${options.connections}`, `-d${options.seconds}s`, "-s", script, url];
  const wrk = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  wrk.stdout.on("data", (chunk) => {
    output += chunk;
  });
  await once(wrk, "close");
  await rm(directory, { recursive: true });
  const found = /RESULT (\S+) (\S+) (\S+) (\S+)/.exec(output);
  if (!found) throw new Error(`wrk answered: ${output}`);
  const [requestsPerSecond, p50Ms, p99Ms, failures] = found.slice(1).map(Number);
  return {
    requestsPerSecond: requestsPerSecond!,
    p50Ms: p50Ms!,
    p99Ms: p99Ms!,
    failures: failures!,
  };
}
