import type { Wallet } from "../../../protocol/http-ledger.ts";
import { api } from "../api/index.ts";
import { Loaded } from "./loaded.svelte.ts";
import { session } from "./session.svelte.ts";

/** The wallet of who is signed in, as the shell shows it. A session that has ended is no reason to ask for a password. */
export const balance = new Loaded((signal) =>
  session.me
    ? api.json<Wallet>("/v1/ledger", { signal, anonymous: true })
    : Promise.resolve(undefined),
);
