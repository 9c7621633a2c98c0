import type { Command } from "commander";
import type { PoolInvitation } from "../../index.ts";
import { type Context, examples } from "../context.ts";
import { requireFull, resolvePool } from "../find-pool.ts";
import { plural, roughly, table } from "../format.ts";
import { integer } from "../request.ts";
import type { Terminal } from "../terminal.ts";

interface InviteOptions {
  uses?: number;
  hours?: number;
  json?: boolean;
}

export function poolInvitationCommands(pools: Command, context: Context): void {
  const { terminal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  pools
    .command("invite")
    .argument("<pool>")
    .argument("[handle]", "invite this account alone (default: print a code)")
    .option("--uses <n>", "how many may join by the code (default: 1)", integer)
    .option("--hours <n>", "until it expires (default: a week)", integer)
    .option("--json", "print the invitation as JSON")
    .summary("invite an account by its handle, or anybody by a code")
    .addHelpText("after", examples("pools invite lab bob", "pools invite lab --uses 20 --hours 48"))
    .action(
      async (
        given: string,
        handle: string | undefined,
        { uses, hours, json }: InviteOptions,
        command: Command,
      ) => {
        const client = await context.client(command);
        const pool = await resolvePool(client, given);
        const invitation = await client.pools.invite(pool, {
          ...(handle === undefined ? {} : { handle }),
          ...(uses === undefined ? {} : { uses }),
          ...(hours === undefined ? {} : { expiresInHours: hours }),
        });
        const { code, expiresAt } = invitation;
        const left = roughly(Date.parse(expiresAt) - Date.now());
        if (json) terminal.out.write(`${JSON.stringify(invitation)}\n`);
        else if (code !== undefined) terminal.out.write(`${code}\n`);
        done(
          code === undefined
            ? `${handle} is invited for ${left}: sparegrid pools join ${pool}`
            : `shown this once, good for ${left}: sparegrid pools join ${code}`,
        );
      },
    );
  pools
    .command("invitations")
    .argument("[pool]", "open invitations to this pool of yours (default: those to you)")
    .option("--json", "print JSON, one invitation a line")
    .summary("list invitations to you, or to a pool of yours")
    .addHelpText("after", examples("pools invitations", "pools invitations lab"))
    .action(async (given: string | undefined, { json }: { json?: boolean }, command: Command) => {
      const client = await context.client(command);
      const rows =
        given === undefined
          ? await client.pools.received()
          : await client.pools.invitations(await resolvePool(client, given));
      if (json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else if (rows.length === 0) terminal.say("no open invitations");
      else {
        const columns = [{ title: "POOL" }, { title: "FOR" }, { title: "STILL" }, { title: "ID" }];
        const lines = rows.map((row) => invitationLine(row, terminal));
        const { dim } = terminal.outColors;
        for (const line of table(columns, lines, { dim, width: terminal.out.columns || 100 }))
          terminal.out.write(`${line}\n`);
      }
    });
  pools
    .command("join")
    .argument("<code|pool>", "a code, or the owner/name of a pool that you are invited to")
    .summary("join a pool: your runners serve it from then on")
    .addHelpText("after", examples("pools join sgi_…", "pools join ada/lab"))
    .action(async (given: string, _options: object, command: Command) => {
      const client = await context.client(command);
      const pool = given.includes("/")
        ? await client.pools.accept(requireFull(given))
        : await client.pools.join(given);
      done(`you are a member of ${pool.name}: sparegrid run FUNCTION --pool ${pool.name}`);
    });
  pools
    .command("decline")
    .argument("<pool>")
    .summary("decline an invitation")
    .addHelpText("after", examples("pools decline ada/lab"))
    .action(async (pool: string, _options: object, command: Command) => {
      await (await context.client(command)).pools.decline(requireFull(pool));
      done(`declined ${pool}`);
    });
  pools
    .command("revoke")
    .argument("<pool>")
    .argument("<invitation>", "its id, as `pools invitations POOL` lists it")
    .summary("take an invitation back")
    .addHelpText("after", examples("pools revoke lab inv_01h…"))
    .action(async (given: string, id: string, _options: object, command: Command) => {
      const client = await context.client(command);
      await client.pools.revoke(await resolvePool(client, given), id);
      done(`revoked ${id}`);
    });
}

function invitationLine(invitation: PoolInvitation, terminal: Terminal): string[] {
  const { handle, uses, expiresAt, pool, id } = invitation;
  return [
    terminal.outColors.bold(pool),
    handle ?? `by code, ${plural(uses ?? 0, "use")} left`,
    roughly(Date.parse(expiresAt) - Date.now()),
    id,
  ];
}
