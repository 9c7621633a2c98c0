/** The part of a pino logger that the runner uses, so that whoever embeds a runner may bring another. */
export interface RunnerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: RunnerLog = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
