import type { Logger } from "pino";
import type { Config } from "../config.ts";
import type { Database } from "../database/open.ts";
import type { Quotas } from "../quotas/quotas.ts";
import { type Auth, createAuth } from "./auth.ts";
import { AccountAuthenticator } from "./authenticator.ts";
import { Devices } from "./devices.ts";
import { Accounts } from "./directory.ts";
import { KeyCheck } from "./key-check.ts";
import { ApiKeys } from "./keys.ts";
import { Passwords } from "./passwords.ts";
import { repairAccounts } from "./repair.ts";
import { readSecret } from "./secret.ts";
import { SessionRows } from "./session-rows.ts";
import { Sessions } from "./sessions.ts";
import { TokenBuckets } from "./token-buckets.ts";
import { Upkeep } from "./upkeep.ts";

export interface AccountsWiring {
  accounts: Accounts;
  apiKeys: ApiKeys;
  keyCheck: KeyCheck;
  sessions: Sessions;
  passwords: Passwords;
  devices: Devices;
  auth: Auth;
  authenticator: AccountAuthenticator;
  buckets: TokenBuckets;
  upkeep: Upkeep;
  close(): void;
}

export interface AccountsWireOptions {
  config: Config;
  database: Database;
  /** The operator's, of DATA_DIR/credentials.json. */
  fileKey: string;
  quotas: Quotas;
  clock: () => number;
  log: Logger;
  /** Once for each account that can sign in; also for one that was told before. */
  onSignUp: (account: string) => void;
  /** What hangs on a key, or on all of an account's, must end. */
  onCutOff: (owner: { key: string } | { account: string }) => void;
}

/** Makes the parts of this folder and joins them. */
export async function wireAccounts(options: AccountsWireOptions): Promise<AccountsWiring> {
  const { config, database, quotas, fileKey, clock, log, onCutOff, onSignUp } = options;
  const secret = await readSecret(config.dataDir);
  const onChanged = (account: string) => {
    keyCheck.forgetAccount(account);
    sessions.forgetAccount(account);
    if (accounts.find(account)?.suspended !== false) onCutOff({ account });
  };
  const accounts = new Accounts({ database, clock, onChanged });
  accounts.ensureOperator();
  const apiKeys = new ApiKeys({
    database,
    secret,
    admit: (account) => quotas.check(account, "keys"),
    clock,
    onRevoked: (key) => {
      keyCheck.forgetKey(key);
      onCutOff({ key });
    },
  });
  apiKeys.adoptFileKey(fileKey);
  repairAccounts(database, onSignUp);
  const buckets = new TokenBuckets(clock);
  const { publicUrl, signInsPerMinute } = config;
  const auth = createAuth({
    database,
    directory: accounts,
    secret,
    publicUrl,
    signInsPerMinute,
    buckets,
    clock,
    log,
    onSignUp,
  });
  const keyCheck = new KeyCheck(apiKeys, clock);
  const sessions = new Sessions(auth, new SessionRows(database, clock), clock);
  const passwords = new Passwords({
    auth,
    database,
    accounts,
    buckets,
    signInsPerMinute,
    clock,
    onChanged,
  });
  const devices = new Devices({ auth, accounts, apiKeys, database, clock });
  const authenticator = new AccountAuthenticator(keyCheck, sessions, publicUrl);
  const upkeep = new Upkeep({
    database,
    apiKeys,
    keyCheck,
    sessions,
    clock,
    onExpired: (key) => onCutOff({ key }),
    onError: (error) => log.warn({ err: error }, "upkeep of accounts failed"),
  });
  const close = () => upkeep.close();
  return {
    accounts,
    apiKeys,
    keyCheck,
    sessions,
    passwords,
    devices,
    auth,
    authenticator,
    buckets,
    upkeep,
    close,
  };
}
