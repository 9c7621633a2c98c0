import { credentialsPath } from "./accounts/credentials.ts";
import { ConfigError, helpText, readConfig } from "./config.ts";
import { consoleFolder } from "./console/files.ts";
import { NewerDatabaseError } from "./database/open.ts";
import { startApi } from "./start-api.ts";
import { publishStarter } from "./starter/starter.ts";

/** `npm start`: the API with its runners, until a signal ends it. */
export async function main(): Promise<void> {
  await run().catch((error: unknown) => fail(explainStart(error)));
}

async function run(): Promise<void> {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    process.stdout.write(helpText());
    return;
  }
  const unknown = process.argv[2];
  if (unknown !== undefined) fail(`Unknown argument ${unknown}.\n\n${helpText()}`);
  const config = readConfig(process.env);
  const api = await startApi({ config });
  const withRunners = config.runners === 1 ? "1 runner" : `${config.runners} runners`;
  process.stdout.write(
    `Sparegrid is at ${api.url} with ${withRunners}. API documentation: ${api.url}/docs. Key: ${credentialsPath(config.dataDir)}\n`,
  );
  if (api.signInUrl !== undefined)
    process.stdout.write(`Sign in as its operator, once within an hour: ${api.signInUrl}\n`);
  const { log, stopping: signal } = api.deps;
  void api.deps.console.build.run(consoleFolder, log);
  if (config.starter)
    publishStarter({ url: api.localUrl, key: api.key, dataDir: config.dataDir, log, signal }).catch(
      (error: unknown) => {
        if (!signal.aborted)
          log.warn({ err: error }, "the market begins empty; the next start tries again");
      },
    );
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) {
        api.kill();
        process.exit(130);
      }
      stopping = true;
      process.stdout.write("Stopping; once more to stop at once.\n");
      api.close().then(
        () => process.exit(0),
        (error: unknown) => fail(String(error)),
      );
    });
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function explainStart(error: unknown): string {
  if (error instanceof ConfigError) return `${error.message}\nTry npm start -- --help.`;
  if (error instanceof NewerDatabaseError) return error.message;
  const { code, port, address } = error as { code?: string; port?: number; address?: string };
  if (code === "EADDRINUSE")
    return `Port ${port} of ${address} is in use. Is Sparegrid running already? Set PORT to another port, or PORT=0 for any.`;
  if (code === "EACCES" && port !== undefined)
    return `Port ${port} may not be used without privileges. Set PORT to 1024 or more.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
