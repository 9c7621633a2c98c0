import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readKey } from "../kept-key.ts";
import { CommandError } from "./command-error.ts";
import { type Context, dataDirFor } from "./context.ts";
import { serverAddress } from "./server-address.ts";
import { servicePlan } from "./service.ts";
import { taskEnd } from "./windows-task.ts";

const answerMsMax = 60_000;

/** Takes the runner that the server hands out now, if it is another one. */
export async function update(context: Context): Promise<void> {
  const { line, env, installation, platform, say } = context;
  const kept = await readKey(dataDirFor(context));
  const url = serverAddress(line.url ?? env.SPAREGRID_URL ?? kept?.url ?? installation.server?.url);
  const offered = await offeredBy(url, context.signal);
  if (offered.build === installation.server?.build) {
    say(`This is the runner of ${url}: version ${offered.version}, build ${offered.build}`);
    return;
  }
  const { prefix } = installation;
  const place = prefix === undefined ? [] : ["--prefix", prefix];
  const args = ["install", "--global", ...place, `${url}/runner.tgz`];
  const command = ["npm", ...args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg))].join(" ");
  say(`${url} has another runner: version ${offered.version}, build ${offered.build}`);
  const plan = servicePlan(context);
  const installed = existsSync(plan.file);
  // Windows does not let a program be replaced that runs, as this one does.
  if (line.check || prefix === undefined || platform === "win32") {
    say("To take it:");
    const again = installed
      ? `sparegrid-runner install${line.system ? " --system" : ""}`
      : undefined;
    const end = platform === "win32" && installed ? taskEnd : undefined;
    for (const step of [end, command, again]) if (step !== undefined) say(`  ${step}`);
    return;
  }
  await through("npm", args, `by hand, perhaps with more rights: ${command}`);
  say("Updated");
  // By the new program, which may define its service in another way. It has joined: nobody is asked.
  const { node, program } = installation;
  if (installed)
    await through(node, [program, "install", "--url", url, ...(line.system ? ["--system"] : [])]);
}

async function offeredBy(
  url: string,
  signal: AbortSignal,
): Promise<{ version: string; build: string }> {
  try {
    const answerBy = AbortSignal.timeout(answerMsMax);
    const response = await fetch(`${url}/runner`, { signal: AbortSignal.any([signal, answerBy]) });
    const { version, build } = (await response.json()) as Record<string, unknown>;
    if (typeof version === "string" && typeof build === "string") return { version, build };
  } catch (cause) {
    signal.throwIfAborted();
    throw new CommandError(`${url} does not answer: ${(cause as Error).message}`);
  }
  throw new CommandError(`${url} has no runner to install`, "is it a Sparegrid of this kind?");
}

async function through(command: string, args: readonly string[], hint?: string): Promise<void> {
  const child = spawn(command, args, { stdio: "inherit" });
  const ended = await once(child, "exit").then(
    ([code, signal]) => ((code ?? signal) === 0 ? undefined : `ended with ${code ?? signal}`),
    (error: unknown) => (error as Error).message,
  );
  if (ended !== undefined) throw new CommandError(`${command}: ${ended}`, hint);
}
