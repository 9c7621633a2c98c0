import type { WebSocket } from "ws";
import type { RunnerOwner, RunnerSession } from "./session.ts";

const code = 4003;
const reason = "not allowed any more";
const text = "This runner's key was revoked or has expired, or its account is suspended.";

/** Those whose machines may not lend any more: by the key they came with, or all of an account. */
export type CutOff = { key: string } | { account: string };

/**
 * Disconnects them.
 * @param giveBack hands back what a session holds
 */
export function cutOff(
  owner: CutOff,
  arriving: Iterable<readonly [WebSocket, RunnerOwner]>,
  sessions: Iterable<RunnerSession>,
  giveBack: (session: RunnerSession) => Promise<void>,
): void {
  const concerns = (account: string, key: string | undefined) =>
    "key" in owner ? key === owner.key : account === owner.account;
  for (const [socket, { account, key }] of arriving)
    if (concerns(account, key)) socket.close(code, reason);
  for (const session of sessions) {
    if (!concerns(session.owner, session.key)) continue;
    session.draining = true;
    session.revoked = true;
    void giveBack(session).finally(() => {
      session.send({ type: "refused", code: "unauthorized", message: text });
      session.close(code, reason);
    });
  }
}
