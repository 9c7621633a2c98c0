/**
 * Calls that wait for a runner, in lanes: those of a lane may be answered by the same runners. Lanes take turns, so that
 * one whose runners are busy, or whose calls are many, holds up no other; within a lane the first comes first.
 */
export class WaitingCalls<Call> {
  readonly #laneOf: (call: Call) => string;
  readonly #lanes = new Map<string, Call[]>();
  #size = 0;

  constructor(laneOf: (call: Call) => string) {
    this.#laneOf = laneOf;
  }

  get size(): number {
    return this.#size;
  }

  add(call: Call): void {
    const name = this.#laneOf(call);
    const lane = this.#lanes.get(name);
    if (lane) lane.push(call);
    else this.#lanes.set(name, [call]);
    this.#size++;
  }

  remove(call: Call): void {
    const name = this.#laneOf(call);
    const lane = this.#lanes.get(name) ?? [];
    const at = lane.indexOf(call);
    if (at < 0) return;
    lane.splice(at, 1);
    this.#size--;
    if (lane.length === 0) this.#lanes.delete(name);
  }

  /** Offers the first of each lane, in turns, until none is taken. */
  offer(take: (call: Call) => boolean): void {
    for (let names = [...this.#lanes.keys()]; names.length > 0; ) {
      names = names.filter((name) => {
        const lane = this.#lanes.get(name)!;
        if (!take(lane[0]!)) return false;
        lane.shift();
        this.#size--;
        this.#lanes.delete(name);
        if (lane.length === 0) return false;
        // Behind the others: it had its turn.
        this.#lanes.set(name, lane);
        return true;
      });
    }
  }

  clear(): Call[] {
    const all = [...this.#lanes.values()].flat();
    this.#lanes.clear();
    this.#size = 0;
    return all;
  }
}
