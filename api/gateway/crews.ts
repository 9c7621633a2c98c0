import { bidOf } from "../payments/asks.ts";
import type { ServedWork } from "../ports.ts";
import type { MayWork } from "./may-work.ts";
import type { RunnerSession } from "./session.ts";

/** The runners that may do a piece of work. */
export interface Crew {
  sessions: readonly RunnerSession[];
  slots: number;
}

/** Work of the same key may be done by the same runners. */
export function crewKey(work: ServedWork): string {
  return `${work.owner} ${work.pool ?? ""} ${bidOf(work)}`;
}

/** Who may work for whom, at one moment: found once for all jobs of the same owner and pool. */
export class Crews {
  readonly #sessions: readonly RunnerSession[];
  readonly #mayWork: MayWork;
  readonly #crews = new Map<string, Crew>();

  constructor(sessions: Iterable<RunnerSession>, mayWork: MayWork) {
    this.#sessions = [...sessions];
    this.#mayWork = mayWork;
  }

  of(work: ServedWork): Crew {
    const key = crewKey(work);
    const known = this.#crews.get(key);
    if (known) return known;
    const sessions = this.#sessions.filter((session) => this.#mayWork(work, session));
    const slots = sessions.reduce((sum, session) => sum + session.slots, 0);
    const crew = { sessions, slots: Math.max(slots, 1) };
    this.#crews.set(key, crew);
    return crew;
  }
}

export function hasRoom({ sessions }: Crew): boolean {
  return sessions.some(({ room }) => room > 0);
}
