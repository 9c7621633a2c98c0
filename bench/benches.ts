import { compute } from "./compute.ts";
import { drawing } from "./drawing.ts";
import { emptyRound } from "./empty-round.ts";
import { firstTask } from "./first-task.ts";
import { firstView } from "./first-view.ts";
import { fuel } from "./fuel.ts";
import { idle } from "./idle.ts";
import { invoke } from "./invoke.ts";
import { ledger } from "./ledger.ts";
import { lighthouseScores } from "./lighthouse.ts";
import { manyEvents } from "./many-events.ts";
import { manyTasks } from "./many-tasks.ts";
import { roundToChart } from "./round-to-chart.ts";
import { settlement } from "./settlement.ts";
import type { Bench } from "./support/report.ts";
import { tinyTasks } from "./tiny-tasks.ts";
import { upload } from "./upload.ts";
import { wordCount } from "./word-count.ts";

/** What a browser sees of it. */
export const consoleBenches: readonly Bench[] = [
  firstView,
  lighthouseScores,
  roundToChart,
  drawing,
  manyEvents,
];

/** In the order of the table in README.md. */
export const benches: readonly Bench[] = [
  compute,
  wordCount,
  emptyRound,
  tinyTasks,
  invoke,
  upload,
  manyTasks,
  fuel,
  idle,
  ledger,
  firstTask,
  settlement,
  ...consoleBenches,
];
