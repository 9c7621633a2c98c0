import { hostname } from "node:os";
import type { Command } from "commander";
import { allScopes } from "../../../protocol/accounts.ts";
import { passwordCharsMin } from "../../../protocol/limits.ts";
import { createClient, GridError } from "../../index.ts";
import { type Connection, findConnection } from "../connection.ts";
import { type Context, examples } from "../context.ts";
import {
  readCredentials,
  removeCredentials,
  serverCredentialsPath,
  userCredentialsPath,
  writeCredentials,
} from "../credentials.ts";
import { loginByDevice } from "../device-login.ts";
import { UsageError } from "../report.ts";

const keyName = () => `sparegrid on ${hostname()}`.slice(0, 100);

export function loginCommands(program: Command, context: Context): void {
  const { terminal, env, signal } = context;
  const done = (text: string) => terminal.say(`${terminal.colors.green("✔")} ${text}`);
  const path = userCredentialsPath(env);
  const connection = (command: Command) => findConnection(command.optsWithGlobals(), env);

  async function keep({ url, keyFrom }: Connection, key: string): Promise<void> {
    const { handle } = await createClient({ url, key }).accounts.me({ signal });
    await writeCredentials(path, { url, key });
    done(`signed in as ${handle} at ${url}`);
    terminal.say(terminal.colors.dim(`  the key is in ${path}`));
    const others = ["SPAREGRID_KEY", serverCredentialsPath(env)];
    if (others.includes(keyFrom))
      terminal.say(terminal.colors.yellow(`! here, the key of ${keyFrom} goes before it`));
  }

  program
    .command("login")
    .summary("get a key for this machine by approving a code in the browser")
    .description(
      "Shows a code and a link. Whoever is signed in there approves it, and this machine gets a key of that account, kept for later commands.",
    )
    .addHelpText("after", examples("login", "login --url https://grid.example.org"))
    .action(async (_options: object, command: Command) => {
      const found = await connection(command);
      const key = await loginByDevice(createClient({ url: found.url }), terminal, {
        name: keyName(),
        scopes: allScopes,
        signal,
      });
      await keep(found, key);
    });

  program
    .command("signup")
    .requiredOption("--email <address>", "to sign in with; nothing is sent to it")
    .option("--handle <handle>", "your public name (default: made of the address)")
    .summary("make an account, and a key for this machine")
    .description(
      "Asks for a password; without a terminal, its first line of input is the password.",
    )
    .addHelpText("after", examples("signup --email ada@example.org --handle ada"))
    .action(async (options: { email: string; handle?: string }, command: Command) => {
      const found = await connection(command);
      const password = await readPassword(context);
      const client = createClient({ url: found.url });
      const { key } = await client.accounts.signUp({ ...options, password }, keyName(), { signal });
      await keep(found, key);
    });

  program
    .command("logout")
    .summary("revoke the key that login got, and forget it")
    .addHelpText("after", examples("logout"))
    .action(async () => {
      const credentials = await readCredentials(path);
      if (!credentials) throw new UsageError("nobody is signed in", "sparegrid login");
      const { accounts } = createClient(credentials);
      try {
        const { key } = await accounts.me({ signal });
        if (key !== null) await accounts.revokeKey(key, { signal });
      } catch (error) {
        // A key that does not work any more needs no revocation.
        if (!(error instanceof GridError && error.code === "unauthorized")) throw error;
      }
      await removeCredentials(path);
      done(`signed out of ${credentials.url}`);
    });
}

async function readPassword({ terminal, signal }: Context): Promise<string> {
  if (terminal.in.isTTY) {
    const { password: askPassword } = await import("@inquirer/prompts");
    const prompt = { message: "Password", mask: true, validate: longEnough };
    const password = await askPassword(prompt, { output: terminal.err, signal });
    const again = await askPassword(
      { message: "Again", mask: true },
      { output: terminal.err, signal },
    );
    if (again === password) return password;
    throw new UsageError("the two differ");
  }
  let text = "";
  for await (const part of terminal.in) {
    text += String(part);
    if (text.includes("\n")) break;
  }
  const password = text.split(/\r?\n/)[0]!;
  const fault = longEnough(password);
  if (fault !== true) throw new UsageError(fault, "give it as the first line of input");
  return password;
}

function longEnough(password: string): true | string {
  return (
    password.length >= passwordCharsMin || `a password has ${passwordCharsMin} characters or more`
  );
}
