import type { Scope } from "../../protocol/accounts.ts";
import { type Client, GridError } from "../index.ts";
import { LivePanel } from "./live-panel.ts";
import { UsageError } from "./report.ts";
import type { Terminal } from "./terminal.ts";

const clientId = "sparegrid-command";
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 80;

export interface DeviceLogin {
  /** What the key will be called. */
  name: string;
  scopes: readonly Scope[];
  signal: AbortSignal;
}

/**
 * Shows a code and waits until someone who is signed in has typed it in. Resolves with the key.
 * @throws UsageError when it was refused or nobody came, the signal's reason
 */
export async function loginByDevice(
  client: Client,
  terminal: Terminal,
  { name, scopes, signal }: DeviceLogin,
): Promise<string> {
  const { colors, say } = terminal;
  const request = { client_id: clientId, device_name: name, scope: scopes.join(" ") };
  const code = await client.accounts.beginDevice(request, { signal });
  say(`Open ${colors.cyan(code.verification_uri_complete)}`);
  say(`and compare the code: ${colors.bold(code.user_code)}`);
  const endsAtMs = Date.now() + code.expires_in * 1000;
  const minutesLeft = () => Math.max(1, Math.ceil((endsAtMs - Date.now()) / 60_000));
  const panel = new LivePanel(
    terminal,
    {
      lines: () => {
        const frame = frames[Math.floor(performance.now() / frameMs) % frames.length]!;
        return [`${colors.cyan(frame)} waiting ${colors.dim(`(${minutesLeft()} min left)`)}`];
      },
      plain: () => `waiting (${minutesLeft()} min left)`,
    },
    1,
  );
  panel.start();
  try {
    return await client.accounts.awaitDevice(clientId, code, { signal });
  } catch (error) {
    throw error instanceof GridError ? inWords(error) : error;
  } finally {
    panel.stop();
  }
}

function inWords(error: GridError): Error {
  switch (error.code) {
    case "access-denied":
      return new UsageError("it was refused", "whoever opened the link pressed Refuse");
    case "code-expired":
    case "code-unknown":
      return new UsageError(
        "nobody approved in time",
        "try again; a code serves a quarter of an hour",
      );
    default:
      return error;
  }
}
