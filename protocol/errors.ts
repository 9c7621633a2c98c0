import type { ErrorBody, ErrorDetails, Fault } from "./error-schemas.ts";

// The schemas lie apart: who throws and reads errors without parsing strangers' need not load a schema library, which
// takes 14 MB of a runner's memory.
export type { ErrorBody, ErrorDetails, Fault, SourcePosition } from "./error-schemas.ts";

/** Every stable error code: its HTTP status, whose fault it is, and its title. Codes are never reused or renamed. */
export const errorCodes = {
  // authoring and publishing
  "syntax-error": [422, "caller", "The source does not parse"],
  "forbidden-import": [422, "caller", "The source imports what a function may not use"],
  "missing-entry": [422, "caller", "The function lacks an entry that its kind needs"],
  "bad-definition": [422, "caller", "The function's definition is not valid"],
  "impure-function": [422, "caller", "The function gave two answers to one question"],
  "forbidden-syntax": [422, "caller", "The source uses what a sandbox cannot run"],
  "source-too-large": [413, "caller", "The source is too large"],
  // requests
  "bad-request": [400, "caller", "The request is not valid"],
  unauthorized: [401, "caller", "A valid key is needed"],
  forbidden: [403, "caller", "This may not be done with this key or role"],
  "not-found": [404, "caller", "No such thing"],
  "method-not-allowed": [405, "caller", "The method is not allowed here"],
  conflict: [409, "caller", "The request contradicts what exists"],
  "idempotency-conflict": [422, "caller", "The Idempotency-Key was used for another request"],
  "body-too-large": [413, "caller", "The body is too large"],
  "upload-incomplete": [400, "caller", "The upload was cut off"],
  "unsupported-encoding": [415, "caller", "The content encoding is not supported"],
  "not-acceptable": [406, "caller", "No representation fits the Accept header"],
  "quota-exceeded": [409, "caller", "The account may have no more of these"],
  "too-many-requests": [429, "caller", "Too many requests"],
  "verify-unavailable": [422, "caller", "This verification policy is not available"],
  // input
  "malformed-record": [422, "caller", "A record of the dataset is malformed"],
  "record-too-large": [413, "caller", "A record is too large"],
  "empty-dataset": [422, "caller", "The dataset has no records"],
  "wrong-input": [422, "caller", "The input does not fit the function"],
  "unknown-param": [422, "caller", "The function has no such parameter"],
  "bad-param": [422, "caller", "A parameter has the wrong type or value"],
  "missing-use": [422, "caller", "A constant that the function uses is not bound"],
  "dataset-in-use": [409, "caller", "A running job reads this dataset"],
  "pool-in-use": [409, "caller", "A job that has not ended runs on this pool"],
  // money
  "insufficient-credits": [402, "caller", "There are not enough credits"],
  "view-incomplete": [409, "caller", "The commercial was not watched for long enough"],
  "transfer-conflict": [409, "caller", "This transfer id was used for another transfer"],
  // results
  "result-not-ready": [409, "caller", "The job has not ended"],
  "job-failed": [409, "caller", "The job failed and has no result"],
  "job-cancelled": [409, "caller", "The job was cancelled"],
  "result-gone": [410, "caller", "The result is no longer kept"],
  // jobs that run
  "job-ended": [409, "caller", "The job has ended"],
  "not-iterative": [409, "caller", "The job has no rounds"],
  "not-paused": [409, "caller", "The job is not paused"],
  // accounts
  "sign-in-failed": [401, "caller", "E-mail or password is wrong"],
  "email-taken": [409, "caller", "There is an account with this e-mail address"],
  "handle-taken": [409, "caller", "This handle is taken"],
  "link-spent": [410, "caller", "The sign-in link does not work any more"],
  "account-suspended": [403, "caller", "The account is suspended"],
  "cross-site": [403, "caller", "The request came from another site"],
  "authorization-pending": [400, "caller", "Nobody has approved the device yet"],
  "slow-down": [400, "caller", "The device asks too often"],
  "access-denied": [400, "caller", "The device was refused"],
  "code-expired": [400, "caller", "The device's code has expired"],
  "code-unknown": [400, "caller", "There is no such device code"],
  // execution
  "function-threw": [422, "function", "The function threw an error"],
  "out-of-fuel": [422, "function", "The function used up its fuel"],
  "out-of-memory": [422, "function", "The function used up its memory"],
  "stack-exhausted": [422, "function", "The function recursed too deeply"],
  timeout: [422, "function", "The function ran out of time"],
  "output-too-large": [422, "function", "The function's output is too large"],
  "bad-output": [422, "function", "The function returned what cannot be carried"],
  "rounds-exhausted": [422, "function", "The iteration did not end within its rounds"],
  // machines
  "runner-fault": [502, "runner", "A runner broke the protocol"],
  "task-lost": [502, "runner", "Runners kept dying under a task"],
  "no-runner": [503, "platform", "No runner is connected"],
  "queue-full": [429, "platform", "The queue is full"],
  "store-unavailable": [503, "platform", "The store does not answer"],
  "disk-full": [507, "platform", "The server's disk is full"],
  "blob-missing": [500, "platform", "A blob is missing from the store"],
  "shutting-down": [503, "platform", "The server is shutting down"],
  internal: [500, "platform", "Something broke on our side"],
} as const satisfies Record<string, readonly [number, Fault, string]>;

export type ErrorCode = keyof typeof errorCodes;

/** The one error type of the project: a stable code (and so a fault and a status), a message for people, details. */
export class GridError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "GridError";
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return errorCodes[this.code][0];
  }

  get fault(): Fault {
    return errorCodes[this.code][1];
  }

  get title(): string {
    return errorCodes[this.code][2];
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, details: this.details };
  }

  static fromBody(body: ErrorBody): GridError {
    return new GridError(body.code, body.message, body.details);
  }
}
