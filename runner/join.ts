import { setTimeout as sleep } from "node:timers/promises";
import { GridError } from "../protocol/errors.ts";

const clientId = "sparegrid-runner";
const grantType = "urn:ietf:params:oauth:grant-type:device_code";
/** RFC 8628, 3.5: how much longer a device waits from then on when it is told to slow down. */
const slowerByMs = 5_000;
const answerMsMax = 15_000;
const nameCharsMax = 100;

export interface JoinOptions {
  /** The server's HTTP address. */
  url: string;
  /** What people will know the machine by. */
  name: string;
  signal: AbortSignal;
}

/** A code that waits for someone who is signed in. */
export interface PendingJoin {
  /** What they compare. */
  code: string;
  /** The page that they open, with the code in it. */
  link: string;
  expiresAtMs: number;
  /**
   * Asks until someone has decided. Resolves with a key that is good for lending machines and nothing else.
   * @throws GridError access-denied, code-expired, code-unknown; or the signal's reason
   */
  key(): Promise<string>;
}

/**
 * Begins the device flow (RFC 8628), by which a machine gets a key without one being typed into it.
 * @throws GridError not-found when the address is no Sparegrid, store-unavailable when it does not answer
 */
export async function beginJoin({ url, name, signal }: JoinOptions): Promise<PendingJoin> {
  const begun = await post(url, "/v1/device/code", signal, {
    client_id: clientId,
    device_name: `runner ${name}`.slice(0, nameCharsMax),
    scope: "runners",
  });
  const { user_code, device_code, verification_uri_complete, expires_in, interval } = begun.body;
  const fits =
    begun.status === 200 &&
    typeof user_code === "string" &&
    typeof device_code === "string" &&
    typeof verification_uri_complete === "string" &&
    typeof expires_in === "number";
  if (!fits) throw notSparegrid(url, begun);
  const expiresAtMs = Date.now() + expires_in * 1000;
  const asked = { grant_type: grantType, device_code, client_id: clientId };

  async function key(): Promise<string> {
    let waitMs = (typeof interval === "number" ? interval : 5) * 1000;
    while (Date.now() < expiresAtMs) {
      await sleep(waitMs, undefined, { signal });
      const { status, body } = await post(url, "/v1/device/token", signal, asked).catch(unanswered);
      if (status === 200 && typeof body.access_token === "string") return body.access_token;
      if (body.error === "slow_down") waitMs += slowerByMs;
      else if (body.error === "access_denied")
        throw new GridError("access-denied", "Whoever opened the link refused this machine.");
      else if (status < 500 && body.error !== "authorization_pending") break;
    }
    throw new GridError("code-expired", "Nobody approved this machine in time.", {
      hint: "Try again; a code serves a quarter of an hour.",
    });
  }

  return { code: user_code, link: verification_uri_complete, expiresAtMs, key };
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A server that is away for a moment, while someone looks for the page, costs no new code. */
function unanswered(error: unknown): Answer {
  if (error instanceof GridError && error.code === "store-unavailable")
    return { status: 503, body: {} };
  throw error;
}

async function post(url: string, path: string, signal: AbortSignal, body: object): Promise<Answer> {
  const answerBy = AbortSignal.timeout(answerMsMax);
  try {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, answerBy]),
    });
    const parsed: unknown = await response.json().catch(() => undefined);
    const isObject = typeof parsed === "object" && parsed !== null;
    return { status: response.status, body: isObject ? (parsed as Record<string, unknown>) : {} };
  } catch (cause) {
    signal.throwIfAborted();
    const reason =
      ((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message;
    throw new GridError(
      "store-unavailable",
      `${url} does not answer: ${reason}`,
      { hint: "Is the address right, and the server running?" },
      { cause },
    );
  }
}

function notSparegrid(url: string, { status, body }: Answer): GridError {
  const said = typeof body.detail === "string" ? `: ${body.detail}` : "";
  return new GridError("not-found", `${url} gave no code to join by (HTTP ${status})${said}`, {
    hint: "Is this the address of a Sparegrid?",
  });
}
