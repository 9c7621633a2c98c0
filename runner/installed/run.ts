import { ownersCommand } from "../commands/owners-command.ts";
import { readKey } from "../kept-key.ts";
import { main as runnerMain } from "../program.ts";
import { exitCodes } from "./command-error.ts";
import { type Context, dataDirFor, nameFor } from "./context.ts";
import { join, keyFor } from "./membership.ts";
import { serverAddress } from "./server-address.ts";

/** The runner in the foreground. It joins first, when it has not. */
export async function run(context: Context): Promise<void> {
  const { line, env, installation } = context;
  const dataDir = dataDirFor(context);
  const kept = await readKey(dataDir);
  const url = serverAddress(line.url ?? env.SPAREGRID_URL ?? kept?.url ?? installation.server?.url);
  const token = line.token ?? env.SPAREGRID_TOKEN ?? (await keyFor(context, { url, dataDir }));
  const name = nameFor(context) ?? (await readKey(dataDir))?.name;
  const refusal = await runnerMain(line.args, {
    ...env,
    ...(name !== undefined && { SPAREGRID_NAME: name }),
    SPAREGRID_URL: url,
    SPAREGRID_TOKEN: token,
    SPAREGRID_DATA_DIR: dataDir,
    SPAREGRID_BUILD: installation.server?.build,
  });
  if (refusal?.code === "unauthorized") process.exitCode = exitCodes.dismissed;
}

/** Another key than the one that is kept, perhaps of another server. */
export async function joinCommand(context: Context): Promise<void> {
  const { line, env, installation } = context;
  const url = serverAddress(line.url ?? env.SPAREGRID_URL ?? installation.server?.url);
  await join(context, { url, dataDir: dataDirFor(context) });
}

/** What its owner says to the runner that may be running here: settings, pause, resume, status. */
export async function tell(context: Context): Promise<void> {
  const { line, env } = context;
  const args = line.args.filter((arg) => arg !== "--system");
  const given = { ...env, SPAREGRID_DATA_DIR: dataDirFor(context) };
  process.exitCode = await ownersCommand([line.command, ...args], given);
}
