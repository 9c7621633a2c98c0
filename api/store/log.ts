import type { Logger } from "pino";

/** What the store asks of a log. */
export type StoreLog = Pick<Logger, "info" | "warn" | "error">;

export const silentLog: StoreLog = { info() {}, warn() {}, error() {} };
