import type { Command } from "commander";
import type { Pool, PoolDetail } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { requireFull, resolvePool } from "../find-pool.ts";
import { count, roughly, table } from "../format.ts";
import type { Terminal } from "../terminal.ts";
import { poolDefaultCommand } from "./pool-default.ts";
import { poolInvitationCommands } from "./pool-invitations.ts";

/** Pools of one account are a hundred at most, and those it joined as many. */
const listMax = 200;

export function poolsCommand(program: Command, context: Context): void {
  const { terminal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  const pools = program
    .command("pools")
    .summary("machines of people who know each other: list, create, invite, join, leave")
    .description(
      "A pool joins machines of people who know each other: every member may run jobs on it (run --pool), and every member's runners serve them. A pool is named owner/name; your own by its bare name, too.",
    )
    .addHelpText("after", examples("pools", "pools create lab", "pools invite lab bob"));
  pools
    .command("list", { isDefault: true })
    .option("--json", "print JSON, one pool a line")
    .summary("list the pools that you belong to, newest first")
    .addHelpText("after", examples("pools", "pools list --json | jq .name"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const rows: Pool[] = [];
      const client = await context.client(command);
      for await (const row of client.pools.list()) if (rows.push(row) === listMax) break;
      printList(rows, terminal, options.json === true);
    });
  pools
    .command("create")
    .argument("<name>")
    .summary("make a pool of your own")
    .addHelpText("after", examples("pools create lab"))
    .action(async (name: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const pool = await client.pools.create(name);
      terminal.out.write(`${pool.name}\n`);
      done(`invite others: sparegrid pools invite ${name} HANDLE`);
    });
  pools
    .command("members")
    .alias("show")
    .argument("<pool>")
    .option("--json", "print JSON")
    .summary("show a pool's members and how many runners they have connected")
    .addHelpText("after", examples("pools members lab", "pools members ada/lab"))
    .action(async (given: string, options: { json?: boolean }, command: Command) => {
      const client = await context.client(command);
      const detail = await client.pools.get(await resolvePool(client, given));
      if (options.json) terminal.out.write(`${JSON.stringify(detail)}\n`);
      else for (const line of membersOf(detail, terminal)) terminal.out.write(`${line}\n`);
    });
  poolDefaultCommand(pools, context);
  poolInvitationCommands(pools, context);
  pools
    .command("leave")
    .argument("<pool>")
    .summary("leave a pool: your runners get no further work of it")
    .addHelpText("after", examples("pools leave ada/lab"))
    .action(async (pool: string, _options: object, command: Command) => {
      await (await context.client(command)).pools.leave(requireFull(pool));
      done(`left ${pool}`);
    });
  pools
    .command("remove")
    .argument("<pool>")
    .argument("<handle...>")
    .summary("remove members from a pool of yours")
    .addHelpText("after", examples("pools remove lab bob"))
    .action(async (given: string, handles: string[], _options: object, command: Command) => {
      const client = await context.client(command);
      const pool = await resolvePool(client, given);
      for (const handle of handles) {
        await client.pools.remove(pool, handle);
        done(`removed ${handle} from ${pool}`);
      }
    });
  pools
    .command("rename")
    .argument("<pool>")
    .argument("<name>")
    .summary("give a pool of yours another name; its jobs go on")
    .addHelpText("after", examples("pools rename lab attic"))
    .action(async (given: string, name: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const renamed = await client.pools.rename(await resolvePool(client, given), name);
      done(`it is ${renamed.name} now`);
    });
  pools
    .command("delete")
    .argument("<pool>")
    .summary("delete a pool of yours on which no job runs")
    .addHelpText("after", examples("pools delete lab"))
    .action(async (given: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const pool = await resolvePool(client, given);
      await client.pools.delete(pool);
      done(`deleted ${pool}`);
    });
}

function printList(rows: readonly Pool[], terminal: Terminal, json: boolean): void {
  if (json) {
    for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
    return;
  }
  if (rows.length === 0) {
    terminal.say("you belong to no pool: sparegrid pools create NAME, or pools join CODE");
    return;
  }
  const now = Date.now();
  const lines = table(
    [{ title: "POOL" }, { title: "YOU ARE" }, { title: "MEMBERS", right: true }, { title: "AGE" }],
    rows.map((row) => [
      terminal.outColors.bold(row.name),
      row.role,
      count(row.memberCount),
      roughly(now - Date.parse(row.createdAt)),
    ]),
    { dim: terminal.outColors.dim, width: terminal.out.columns || 100 },
  );
  for (const line of lines) terminal.out.write(`${line}\n`);
}

function membersOf({ members }: PoolDetail, terminal: Terminal): string[] {
  const now = Date.now();
  return table(
    [{ title: "MEMBER" }, { title: "ROLE" }, { title: "RUNNERS", right: true }, { title: "SINCE" }],
    members.map(({ handle, role, runners, joinedAt }) => [
      terminal.outColors.bold(handle),
      role,
      count(runners),
      roughly(now - Date.parse(joinedAt)),
    ]),
    { dim: terminal.outColors.dim, width: terminal.out.columns || 100 },
  );
}
