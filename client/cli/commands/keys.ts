import { type Command, InvalidArgumentError, Option } from "commander";
import { allScopes, type Scope, scopeSchema } from "../../../protocol/accounts.ts";
import { keyDaysMax } from "../../../protocol/limits.ts";
import type { ApiKey } from "../../index.ts";
import { type Context, collect, examples } from "../context.ts";
import { roughly, table } from "../format.ts";
import { UsageError } from "../report.ts";
import type { Terminal } from "../terminal.ts";

export function keysCommand(program: Command, context: Context): void {
  const { terminal, signal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  const keys = program
    .command("keys")
    .summary("your API keys: list, create, revoke")
    .addHelpText("after", examples("keys", "keys create ci --scope jobs", "keys revoke key_01h…"));
  keys
    .command("list", { isDefault: true })
    .option("--json", "print JSON, one key a line")
    .summary("list your keys, newest first, and when each was last used")
    .addHelpText("after", examples("keys", "keys list --json"))
    .action(async (options: { json?: boolean }, command: Command) => {
      const rows = await (await context.client(command)).accounts.keys({ signal });
      if (options.json) for (const row of rows) terminal.out.write(`${JSON.stringify(row)}\n`);
      else printList(rows, terminal);
    });
  keys
    .command("create")
    .argument("<name>", "for you to know it by")
    .addOption(
      new Option(
        "--scope <scope>",
        `what it may be used for: ${allScopes.join(", ")}; repeat for more (all)`,
      ).argParser((value: string, before: string[] | undefined) => collect(value, before)),
    )
    .option("--days <n>", "days until it expires (never)", parseDays)
    .summary("make a key; it is printed once, and cannot be looked up later")
    .addHelpText("after", examples("keys create ci --scope jobs --scope datasets --days 90"))
    .action(
      async (name: string, options: { scope?: string[]; days?: number }, command: Command) => {
        const scopes = (options.scope ?? allScopes).map(parseScope);
        const client = await context.client(command);
        const request = {
          name,
          scopes,
          ...(options.days === undefined ? {} : { expiresInDays: options.days }),
        };
        const made = await client.accounts.createKey(request, { signal });
        terminal.out.write(`${made.key}\n`);
        done(`${made.name} ${terminal.colors.dim(made.id)} for ${scopes.join(", ")}`);
      },
    );
  keys
    .command("revoke")
    .argument("<key...>", "ids, or the first characters of keys as the list shows them")
    .summary("revoke keys, at once")
    .addHelpText("after", examples("keys revoke key_01h…", "keys revoke sgk_Ab12"))
    .action(async (given: string[], _options: object, command: Command) => {
      const { accounts } = await context.client(command);
      const known = await accounts.keys({ signal });
      for (const { id, name } of given.map((one) => find(known, one))) {
        await accounts.revokeKey(id, { signal });
        done(`revoked ${name} ${terminal.colors.dim(id)}`);
      }
    });
}

/** @throws UsageError when none or several are meant */
function find(known: readonly ApiKey[], given: string): ApiKey {
  const meant = known.filter(
    ({ id, prefix }) => id === given || (given.length > 4 && prefix.startsWith(given)),
  );
  if (meant.length === 1) return meant[0]!;
  throw meant.length === 0
    ? new UsageError(`there is no key ${given}`, "sparegrid keys lists those there are")
    : new UsageError(`several keys begin with ${given}`, "give one's id");
}

function printList(rows: readonly ApiKey[], terminal: Terminal): void {
  const { dim } = terminal.outColors;
  const ago = (time: string | null) =>
    time === null ? "never" : `${roughly(Date.now() - Date.parse(time))} ago`;
  const lines = table(
    [
      { title: "NAME" },
      { title: "KEY" },
      { title: "FOR" },
      { title: "LAST USED" },
      { title: "EXPIRES" },
      { title: "ID" },
    ],
    rows.map(({ name, prefix, scopes, lastUsedAt, expiresAt, id }) => [
      name,
      `${prefix}…`,
      scopes.length === allScopes.length ? "everything" : scopes.join(","),
      ago(lastUsedAt),
      expiresAt?.slice(0, 10) ?? "never",
      id,
    ]),
    { dim, width: Number.POSITIVE_INFINITY }, // ids are copied, so none is cut
  );
  for (const line of lines) terminal.out.write(`${line}\n`);
}

function parseScope(value: string): Scope {
  const scope = scopeSchema.safeParse(value);
  if (scope.success) return scope.data;
  throw new UsageError(`there is no scope ${value}`, allScopes.join(", "));
}

function parseDays(value: string): number {
  const days = Number(value);
  if (Number.isInteger(days) && days >= 1 && days <= keyDaysMax) return days;
  throw new InvalidArgumentError(`a whole number from 1 to ${keyDaysMax}`);
}
