/**
 * Limits that more than one process must agree on, each with the reason for its value.
 * Relations between them are asserted when this module loads.
 */

export const protocolVersion = 2;

/** A shard's size grows from min to max as a dataset grows (see api/datasets), so that a small dataset still spreads. */
export const shardBytesMin = 32 * 1024;
/**
 * 4 MB: word count takes about 150 ms on one, long enough to hide a dispatch and short enough to balance. At 1 MB the
 * partial results of a large text, which repeat most words in every shard, were half again as large.
 */
export const shardBytesMax = 4 * 1024 * 1024;
/** A record never spans shards, so one record may not exceed what a shard can stretch to. */
export const recordBytesMax = 8 * 1024 * 1024;

/** Payloads up to this ride in a WebSocket frame; larger ones are fetched as blobs over HTTP. */
export const inlineBytesMax = 256 * 1024;
/** A frame on the socket: many inline payloads share one. */
export const frameBytesMax = 16 * 1024 * 1024;
/** A frame on the executor's pipe carries whole shards and outputs. */
export const pipeFrameBytesMax = 128 * 1024 * 1024;
/** One task output. Larger results must come as more records. */
export const outputBytesMax = 32 * 1024 * 1024;

/** Fuel: counted loop iterations and calls. The default is some 10 to 30 s of work on a reference core. */
export const fuelPerTaskDefault = 10_000_000_000;
export const fuelPerTaskMax = 1_000_000_000_000;
/**
 * Tasks of less fuel are not remembered: this is some milliseconds of work, which costs no more than to keep and find its
 * result. The guest tells by it, too, what is worth telling.
 */
export const rememberedFuelMin = 1_000_000;
/** Wall clock and memory are backstops behind fuel. */
export const taskTimeoutMsDefault = 60_000;
export const taskTimeoutMsMax = 600_000;
export const isolateMemoryMbDefault = 512;

/** A lease is renewed every third of its life; a runner that stays silent loses its leases after it. */
export const leaseMs = 15_000;
export const heartbeatMs = 5_000;
/** Attempts of one run of tasks when runners or executors die under it, before the job fails with `task-lost`. */
export const attemptsMax = 5;
/** Tasks that one lease may claim: bounds the results a single lost lease throws away. */
export const leaseTasksMax = 1024;
/** Partials that one step merges itself, together. */
export const stepPartialBytesMax = 32 * 1024 * 1024;
/** Leases a slot at most, to balance slots of different speed within one round or stage. */
export const leasesPerSlot = 4;
/** Leases aim at this much work, so that a loss costs little and dispatch is amortized. */
export const leaseTargetMs = 150;

/** All of a function that is tried before it is published: some seconds of work, which the server itself does. */
export const triedFuelMax = 1_000_000_000;
export const triedRecordsMax = 10_000;

export const roundsMaxDefault = 10_000;
export const reducersMax = 256;
/** Map input bytes for one reduce task. */
export const bytesPerReducer = 16 * 1024 * 1024;

export const sourceBytesMax = 1024 * 1024;
export const bundleBytesMax = 8 * 1024 * 1024;
export const jsonBodyBytesMax = 8 * 1024 * 1024;
export const invokeInputBytesMax = 1024 * 1024;
export const logLinesPerTaskMax = 20;
export const logLineCharsMax = 400;
/** Events kept per job for replay to a late or reconnecting watcher. */
export const eventsKeptMax = 10_000;

/** A page that shows a commercial tells so this often, … */
export const viewHeartbeatMs = 1_000;
/** … and time between two heartbeats that are further apart does not count as watched: some may be late or lost. */
export const viewGapMsMax = 5_000;
/** A commercial takes from a glance to two minutes. */
export const watchSecondsMin = 5;
export const watchSecondsMax = 120;
/** Views that a campaign's cap counts to; above this it is none. */
export const capMax = 1_000_000;
/** A commercial that is uploaded, not linked: large enough for half a minute of small video. */
export const mediaBytesMax = 8 * 1024 * 1024;
/** What may be uploaded, told by its first bytes. No SVG: it may carry scripts. */
export const mediaTypes = [
  "image/png",
  "image/jpeg",
  "image/webp",
  "image/gif",
  "video/mp4",
  "video/webm",
] as const;
export type MediaType = (typeof mediaTypes)[number];
/** Long enough against guessing over HTTP, short enough to be remembered; hashing bounds the upper end. */
export const passwordCharsMin = 8;

export const passwordCharsMax = 128;
/** An author's share on top of what a run costs: above this it would be a price of its own. */
export const royaltyPercentMax = 50;
/** Ten years: beyond that, a key without an end says more honestly what is meant. */
export const keyDaysMax = 3_650;

assertLimit(rememberedFuelMin < fuelPerTaskDefault, "tasks can be large enough to be remembered");
assertLimit(triedFuelMax <= fuelPerTaskDefault, "what can be tried can be run");
assertLimit(shardBytesMin <= shardBytesMax, "a shard's minimum is at most its maximum");
assertLimit(
  recordBytesMax + shardBytesMax <= pipeFrameBytesMax / 2,
  "the largest shard fits a pipe frame",
);
assertLimit(outputBytesMax < pipeFrameBytesMax, "the largest output fits a pipe frame");
assertLimit(inlineBytesMax * 4 <= frameBytesMax, "several inline payloads fit a frame");
assertLimit(viewHeartbeatMs * 2 < viewGapMsMax, "a view outlives a heartbeat that is lost");
assertLimit(heartbeatMs * 2 < leaseMs, "a lease outlives a missed heartbeat");

function assertLimit(holds: boolean, what: string): void {
  if (!holds) throw new Error(`protocol/limits.ts contradicts itself: ${what}`);
}
