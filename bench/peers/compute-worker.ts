import { parentPort, workerData } from "node:worker_threads";
import { kMeansMap, logisticMap } from "./kernels.ts";

/** A worker of the hand-written peer: its slice of the rows in shared memory, one message a round. */
const { data, width, from, to, k } = workerData as {
  data: SharedArrayBuffer;
  width: number;
  from: number;
  to: number;
  k: number;
};
const rows = new Float64Array(data);

parentPort!.on("message", (state: Float64Array) => {
  parentPort!.postMessage(
    k > 0 ? kMeansMap(rows, width, from, to, state, k) : logisticMap(rows, width, from, to, state),
  );
});
