import type { LedgerReport } from "../../protocol/http-ledger.ts";
import { settledIn } from "./holdings.ts";
import type { Ledger } from "./port.ts";
import { reportView } from "./view.ts";

/** Checks of the whole ledger, one at a time; the last one's report is kept. */
export class LedgerCheck {
  readonly #ledger: Ledger;
  readonly #clock: () => number;
  #underWay: Promise<LedgerReport> | undefined;
  last: LedgerReport | undefined;

  constructor(ledger: Ledger, clock: () => number) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Who asks while one is under way gets its report. */
  run(): Promise<LedgerReport> {
    this.#underWay ??= this.#look().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #look(): Promise<LedgerReport> {
    const report = await this.#ledger.verifyAside({ settledIn });
    this.last = reportView(report, this.#clock());
    return this.last;
  }
}
