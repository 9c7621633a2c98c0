import type { MayServe, ServedWork } from "../ports.ts";
import type { RunnerSession } from "./session.ts";

/** The runners that may do a piece of work. */
export interface Crew {
  sessions: readonly RunnerSession[];
  slots: number;
}

/** Work of the same key may be done by the same runners. */
export function crewKey({ owner, pool = "" }: ServedWork): string {
  return `${owner} ${pool}`;
}

/** Who may work for whom, at one moment: found once for all jobs of the same owner and pool. */
export class Crews {
  readonly #sessions: readonly RunnerSession[];
  readonly #mayServe: MayServe;
  readonly #crews = new Map<string, Crew>();

  constructor(sessions: Iterable<RunnerSession>, mayServe: MayServe) {
    this.#sessions = [...sessions];
    this.#mayServe = mayServe;
  }

  of(work: ServedWork): Crew {
    const key = crewKey(work);
    const known = this.#crews.get(key);
    if (known) return known;
    const sessions = this.#sessions.filter(({ owner }) => this.#mayServe(work, owner));
    const slots = sessions.reduce((sum, session) => sum + session.slots, 0);
    const crew = { sessions, slots: Math.max(slots, 1) };
    this.#crews.set(key, crew);
    return crew;
  }
}

export function hasRoom({ sessions }: Crew): boolean {
  return sessions.some(({ room }) => room > 0);
}
