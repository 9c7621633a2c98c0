/** Rounds of a job as columns, for charts. Beyond `pointsMax` every second one is left out, again and again. */
export class Rounds {
  readonly pointsMax: number;
  readonly rounds: number[] = [];
  readonly series = new Map<string, (number | null)[]>();
  /** Durations, ms. */
  readonly ms: number[] = [];
  /** Only every so many rounds are kept; the newest always is. */
  #stride = 1;
  #newestIsExtra = false;

  constructor(pointsMax = 4_000) {
    this.pointsMax = pointsMax;
  }

  add(round: number, metrics: Readonly<Record<string, number | null>>, ms: number): void {
    if (this.#newestIsExtra) this.#drop();
    for (const name of Object.keys(metrics))
      if (!this.series.has(name)) this.series.set(name, Array(this.rounds.length).fill(null));
    this.rounds.push(round);
    this.ms.push(ms);
    for (const [name, values] of this.series) values.push(metrics[name] ?? null);
    this.#newestIsExtra = (round - 1) % this.#stride !== 0;
    if (this.rounds.length > this.pointsMax) this.#thin();
  }

  #drop(): void {
    this.rounds.pop();
    this.ms.pop();
    for (const values of this.series.values()) values.pop();
  }

  #thin(): void {
    this.#stride *= 2;
    const keep = this.rounds.map(
      (round, index) => (round - 1) % this.#stride === 0 || index === this.rounds.length - 1,
    );
    const thin = <T>(values: T[]) => {
      const kept = values.filter((_, index) => keep[index]);
      values.splice(0, values.length, ...kept);
    };
    for (const values of [...this.series.values(), this.ms, this.rounds]) thin(values as unknown[]);
    this.#newestIsExtra = ((this.rounds.at(-1) ?? 1) - 1) % this.#stride !== 0;
  }
}
