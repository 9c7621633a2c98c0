/**
 * One watching of a commercial, as a state machine without I/O: state + event + time of the server → state + outcome.
 *
 *           heartbeat (time is counted)
 *             ┌──┐
 *             ▼  │    finish, watched long enough
 *   open ────────┴───────────────────────────────▶ paid
 *    ├── another view of the same account is opened ─▶ replaced
 *    └── its time is over ───────────────────────────▶ expired
 *
 * The last three are final. What is counted is time of the server's own clock between two heartbeats that follow each
 * other, if the page was visible at both and they are no more than `viewGapMsMax` apart. So nothing that a page can say
 * makes the time go faster: heartbeats sent too fast add what passed between them, replayed and reordered ones (their
 * sequence does not grow) add nothing. A clock that is set back counts nothing until it is where it was before.
 */
import { viewGapMsMax } from "../../protocol/limits.ts";

export type ViewPhase = "open" | "paid" | "replaced" | "expired";

export interface ViewState {
  phase: ViewPhase;
  /** What has to be watched before it is paid. */
  requiredMs: number;
  expiresAtMs: number;
  watchedMs: number;
  /** The last heartbeat that was taken; undefined before the first. */
  last?: { sequence: number; atMs: number; visible: boolean };
}

export type ViewEvent =
  | { type: "heartbeat"; sequence: number; visible: boolean }
  | { type: "finish" }
  | { type: "replace" }
  | { type: "sweep" };

/**
 * - counted: the heartbeat was taken; - ignored: its sequence is not new; - paid: pay now, once; - repeated: it was paid
 * before; - incomplete: not watched long enough, nothing changed; - over: the view has ended, nothing changed;
 * - ended: it ended by this event; - kept: a sweep found it still open
 */
export type ViewOutcome =
  | "counted"
  | "ignored"
  | "paid"
  | "repeated"
  | "incomplete"
  | "over"
  | "ended"
  | "kept";

export interface ViewStep {
  state: ViewState;
  outcome: ViewOutcome;
}

export function openView(requiredMs: number, expiresAtMs: number): ViewState {
  return { phase: "open", requiredMs, expiresAtMs, watchedMs: 0 };
}

export function stepView(state: ViewState, event: ViewEvent, nowMs: number): ViewStep {
  if (state.phase === "paid" && event.type === "finish") return { state, outcome: "repeated" };
  if (state.phase !== "open") return { state, outcome: "over" };
  if (nowMs >= state.expiresAtMs)
    return {
      state: { ...state, phase: "expired" },
      outcome: event.type === "sweep" || event.type === "replace" ? "ended" : "over",
    };
  switch (event.type) {
    case "heartbeat":
      return heartbeat(state, event.sequence, event.visible, nowMs);
    case "finish":
      return state.watchedMs < state.requiredMs
        ? { state, outcome: "incomplete" }
        : { state: { ...state, phase: "paid" }, outcome: "paid" };
    case "replace":
      return { state: { ...state, phase: "replaced" }, outcome: "ended" };
    case "sweep":
      return { state, outcome: "kept" };
  }
}

function heartbeat(state: ViewState, sequence: number, visible: boolean, nowMs: number): ViewStep {
  const { last } = state;
  if (last !== undefined && sequence <= last.sequence) return { state, outcome: "ignored" };
  const atMs = Math.max(nowMs, last?.atMs ?? nowMs);
  const passedMs = atMs - (last?.atMs ?? atMs);
  const seen = last?.visible === true && visible;
  const counted = seen && passedMs <= viewGapMsMax ? passedMs : 0;
  return {
    state: {
      ...state,
      watchedMs: state.watchedMs + counted,
      last: { sequence, atMs, visible },
    },
    outcome: "counted",
  };
}
