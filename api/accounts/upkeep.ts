import { lt } from "drizzle-orm";
import type { Database } from "../database/open.ts";
import type { KeyCheck } from "./key-check.ts";
import type { ApiKeys } from "./keys.ts";
import { deviceCodes, sessions, verifications } from "./schema.ts";
import type { Sessions } from "./sessions.ts";

const everyMs = 60_000;

export interface UpkeepOptions {
  database: Database;
  apiKeys: ApiKeys;
  keyCheck: KeyCheck;
  sessions: Sessions;
  clock: () => number;
  /** What hangs on a key that has expired must end. */
  onExpired: (key: string) => void;
  onError: (error: unknown) => void;
}

/** Each minute: writes when keys and sessions were last used, ends what hangs on expired keys, forgets what nobody can use any more. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #timer: NodeJS.Timeout;
  #lookedAtMs: number;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#lookedAtMs = options.clock();
    forgetExpired(options.database, this.#lookedAtMs);
    this.#timer = setInterval(() => this.turn(), everyMs);
    this.#timer.unref();
  }

  turn(): void {
    const { database, apiKeys, keyCheck, clock, onExpired, onError } = this.#options;
    try {
      keyCheck.flush();
      this.#options.sessions.flush();
      const nowMs = clock();
      for (const key of apiKeys.expired(this.#lookedAtMs, nowMs)) onExpired(key);
      this.#lookedAtMs = nowMs;
      forgetExpired(database, nowMs);
    } catch (error) {
      onError(error);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#options.keyCheck.flush();
    this.#options.sessions.flush();
  }
}

function forgetExpired({ drizzle, transaction }: Database, nowMs: number): void {
  const now = new Date(nowMs);
  transaction(() => {
    drizzle.delete(sessions).where(lt(sessions.expiresAt, now)).run();
    drizzle.delete(verifications).where(lt(verifications.expiresAt, now)).run();
    drizzle.delete(deviceCodes).where(lt(deviceCodes.expiresAt, now)).run();
  });
}
