import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { GridError } from "../../protocol/errors.ts";
import { startExecutor } from "../../sandbox/start-executor.ts";
import { keepKey, readKey } from "../kept-key.ts";
import { CommandError } from "./command-error.ts";
import { type Context, dataDirFor, nameFor } from "./context.ts";
import { isRefused, join } from "./membership.ts";
import { readableByAll } from "./readable-by-all.ts";
import { runStep } from "./run-step.ts";
import { serverAddress } from "./server-address.ts";
import { servicePlan } from "./service.ts";

/** Joins the server, unless that was done, and has the system start the runner. Idempotent. */
export async function install(context: Context): Promise<void> {
  const { line, env, installation, say, signal } = context;
  const plan = servicePlan(context);
  const dataDir = dataDirFor(context);
  if (line.system) await checkReadable([installation.node, installation.program]);
  await checkSandbox();
  const kept = await readKey(dataDir);
  const url = serverAddress(line.url ?? env.SPAREGRID_URL ?? installation.server?.url ?? kept?.url);
  const name = nameFor(context);
  if (kept?.url !== url || (await isRefused(kept, signal))) await join(context, { url, dataDir });
  else if (name !== undefined) await keepKey(dataDir, { ...kept, name });
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await mkdir(dirname(plan.file), { recursive: true });
  await writeFile(plan.file, plan.content);
  for (const step of plan.start) await runStep(step, plan.otherwise);
  say(`Installed as ${plan.kind} (${plan.file}), and started: it lends this machine to ${url}`);
  for (const hint of plan.hints) say(`  ${hint}`);
  say("  to undo it: sparegrid-runner uninstall");
}

/** What fails here would fail later where nobody looks. */
async function checkSandbox(): Promise<void> {
  try {
    const executor = await startExecutor();
    executor.kill(new GridError("shutting-down", "it was only tried"));
  } catch (cause) {
    const reason =
      ((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message;
    throw new CommandError(
      `sandboxes do not start on this machine: ${reason}`,
      "where isolated-vm has no binary it is compiled: npm install --global --allow-scripts=isolated-vm …",
    );
  }
}

async function checkReadable(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const hidden = await readableByAll(path);
    if (hidden !== undefined)
      throw new CommandError(
        `the service's user could not read ${hidden}`,
        "install the package where everyone may read: sudo npm install --global --prefix /usr/local …",
      );
  }
}
