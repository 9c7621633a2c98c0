import type { ErrorBody, GridError } from "../../protocol/errors.ts";
import type { JobStatus } from "../../protocol/job.ts";
import type { AnsweredCall, MayServe, MeasuredWork, RunnerInfo } from "../ports.ts";

/** What other parts of the API tell the gateway and hear from it. They are called on its fastest paths. */
export interface GatewayHooks {
  /** Whose runners may do whose work; everyone's when absent. What it says may change: see `reconsider`. */
  mayServe: MayServe;
  /** Why one more runner of an account is turned away that has so many others here. */
  refuses: (account: string, others: number) => GridError | undefined;
  /** What jobs call the pool that an account names so; undefined when there is none for it. */
  poolNamed: (account: string, name: string) => string | undefined;
  /** A runner of this account came or went. */
  onLends: (account: string) => void;
  /** A connection ended, and this is what it came to. */
  onLeft: (runner: RunnerInfo) => void;
  onEnded: (job: string, status: JobStatus, error?: ErrorBody) => void;
  /** A job was paused, or goes on. */
  onStatus: (job: string) => void;
  /** The store has taken work for a job in: `store.jobs.earned` has news. Called often, and before `onEnded`. */
  onAccepted: (job: string) => void;
  /** A call was answered. It may take note, not more. */
  onCall: (call: AnsweredCall) => void;
  /** Work took so long on somebody's machine. It may take note, not more. */
  onMeasured: (measured: MeasuredWork) => void;
}

/** All hooks: those that are absent do nothing, and what a listener throws does not stop the gateway's work. */
export function hooksOf(
  hooks: Partial<GatewayHooks>,
  onError: (error: unknown) => void,
): GatewayHooks {
  const { onEnded, onStatus, onAccepted, onCall, onMeasured, onLends, onLeft } = hooks;
  const heard =
    <News extends unknown[]>(listener: ((...news: News) => void) | undefined) =>
    (...news: News) => {
      try {
        listener?.(...news);
      } catch (error) {
        onError(error);
      }
    };
  return {
    mayServe: hooks.mayServe ?? (() => true),
    refuses: hooks.refuses ?? (() => undefined),
    poolNamed: hooks.poolNamed ?? ((_, name) => name),
    onLends: heard(onLends),
    onLeft: heard(onLeft),
    onEnded: heard(onEnded),
    onStatus: heard(onStatus),
    onAccepted: heard(onAccepted),
    onCall: heard(onCall),
    onMeasured: heard(onMeasured),
  };
}
