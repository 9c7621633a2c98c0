import { type ErrorCode, GridError } from "../protocol/errors.ts";
import type { Envelope } from "../protocol/frames.ts";
import type { Operations } from "./operations.ts";
import { readFailure, readReplies } from "./read-replies.ts";

export interface AnswerSink {
  operations: Operations;
  /** Ends the process: everything pending rejects. */
  fail: (reason: GridError) => void;
}

/** What a child may blame: the function, or (internal) itself. */
const failureCodes = [
  "function-threw",
  "out-of-fuel",
  "out-of-memory",
  "stack-exhausted",
  "timeout",
  "output-too-large",
  "bad-output",
  "wrong-input",
  "malformed-record",
  "internal",
] as const satisfies ErrorCode[];

/**
 * Acts on one message of the child.
 * @throws Error when the child says what it should not: it may have been taken over
 */
export function takeAnswer(
  { message, payloads }: Envelope<{ type?: unknown; [field: string]: unknown }>,
  sink: AnswerSink,
): void {
  const { operations } = sink;
  const seq = message.seq;
  if (typeof seq !== "number") throw new Error("a message without a number");
  const operation = operations.find(seq);
  if (!operation) throw new Error("an answer to what was not asked");
  const { answer } = operation;
  switch (message.type) {
    case "done":
      if (answer !== undefined && !(answer.type === "part" && answer.run.settled))
        throw new Error("a request was passed over");
      operations.done(seq);
      return;
    case "described":
      if (answer?.type !== "describe" || !payloads[0]) throw new Error("nothing was asked");
      operations.done(seq);
      answer.resolve(Buffer.from(payloads[0]).toString("utf8"));
      return;
    case "replies": {
      if (answer?.type !== "part") throw new Error("nothing was asked");
      if (answer.run.settled) {
        // Its caller's onReply threw; what the child had already begun is of no interest.
        if (message.end === true) operations.done(seq);
        return;
      }
      const left = answer.count - answer.replied;
      const replies = readReplies(message, payloads[0], left);
      if (!replies || message.first !== answer.replied)
        throw new Error("the replies do not add up");
      const stopped = replies.at(-1)?.header.error !== undefined;
      if (message.end === true && replies.length < left && !stopped)
        throw new Error("a request has no reply");
      if (message.end === true) operations.done(seq);
      const { run } = answer;
      for (const reply of replies) {
        const index = answer.first + answer.replied;
        answer.replied += 1;
        run.left -= 1;
        try {
          run.onReply(index, reply);
        } catch (error) {
          // The caller's own fault, which is not the child's: it goes to the caller.
          run.reject(error);
          return;
        }
      }
      if (stopped || (run.left === 0 && message.end === true)) run.resolve();
      return;
    }
    case "failed": {
      const code = failureCodes.find((known) => known === message.code);
      const failure = readFailure(message);
      if (!code || !failure) throw new Error("a failure that says nothing");
      const error = new GridError(code, failure.message, {
        name: failure.name,
        ...(failure.frames && { frames: failure.frames }),
      });
      if (message.fatal === true || answer === undefined) {
        sink.fail(error);
        return;
      }
      operations.done(seq);
      if (answer.type === "describe") answer.reject(error);
      else answer.run.reject(error);
      return;
    }
    default:
      throw new Error("a message of no known type");
  }
}
