import { existsSync } from "node:fs";
import { readdir, realpath, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { readKey } from "../kept-key.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { type Context, dataDirFor } from "./context.ts";
import { dataNames } from "./places.ts";
import { runStep } from "./run-step.ts";
import { servicePlan } from "./service.ts";

/** Undoes what install did. What the runner keeps stays, unless it is to go too. Idempotent. */
export async function uninstall(context: Context): Promise<void> {
  const { line, say } = context;
  const plan = servicePlan(context);
  const dataDir = dataDirFor(context);
  const purge = line.purge && existsSync(dataDir) && (await confirmed(context, dataDir));
  if (existsSync(plan.file)) {
    for (const step of plan.stop) await runStep(step);
    await rm(plan.file, { force: true });
    for (const step of plan.forget) await runStep(step);
    say(`Stopped, and removed ${plan.kind} (${plan.file})`);
  } else say(`There is no ${plan.kind.replace(/^an? /, "")}: ${plan.file} does not exist`);
  if (purge) await removeData(context, dataDir);
  else if (existsSync(dataDir)) say(`Kept ${dataDir}; to remove it too: --purge`);
  say("To remove the program: npm uninstall --global sparegrid-runner");
}

async function confirmed({ line, signal }: Context, dataDir: string): Promise<boolean> {
  if (line.yes) return true;
  if (!process.stdin.isTTY)
    throw new CommandError("nobody is there to ask", "--purge --yes removes", exitCodes.usage);
  const question = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const said = await question.question(
      `Remove ${dataDir}: its identity, key and settings? [y/N] `,
      { signal },
    );
    return /^y(es)?$/i.test(said.trim());
  } finally {
    question.close();
  }
}

/** Only what the runner put there: the folder may be one that the owner chose. */
async function removeData({ say }: Context, dataDir: string): Promise<void> {
  const kept = await readKey(dataDir);
  for (const name of dataNames) await rm(join(dataDir, name), { recursive: true, force: true });
  const left = await readdir(dataDir);
  // What systemd made for its own user is a link to a folder that only root may pass.
  const folder = await realpath(dataDir);
  if (left.length === 0) await rmdir(folder);
  if (left.length === 0 && folder !== dataDir) await rm(dataDir, { force: true });
  if (left.length > 0) say(`Left in ${dataDir}, as it is not the runner's: ${left.join(", ")}`);
  say(`Removed what the runner kept in ${dataDir}`);
  if (kept) say(`Its key works until you revoke it: ${kept.url}`);
}
