import os from "node:os";
import { parseArgs } from "node:util";
import { benches, consoleBenches } from "./benches.ts";
import { type Row, table } from "./support/report.ts";

const help = `npm run bench -- [NAME…] [--smoke] [--console] [--list]

Measures Sparegrid and its peers in the same run and prints a table with the ratios. Peers that are not installed
(dask: python3-distributed; Redis: redis-server; wrk) are named, and their rows say so; so do those of the console where
there is no chromium. Fails when a benchmark does not work, or when a figure misses its reach that does not depend on how
busy the machine is.

  --smoke   short: proves that every benchmark works; its times mean nothing
  --console those of the console alone
  --list    names and what they measure
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: "boolean" },
    console: { type: "boolean" },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}
if (values.list) {
  for (const bench of benches) process.stdout.write(`${bench.name.padEnd(14)} ${bench.about}\n`);
  process.exit(0);
}
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such benchmark: ${unknown.join(", ")}; see --list\n`);
  process.exit(2);
}

const among = values.console ? consoleBenches : benches;
const chosen = among.filter(
  (bench) => positionals.length === 0 || positionals.includes(bench.name),
);
const rows: Row[] = [];
let broken = 0;
for (const bench of chosen) {
  process.stderr.write(`\n${bench.name}: ${bench.about}\n`);
  try {
    const log = (line: string) => process.stderr.write(`  ${line}\n`);
    rows.push(...(await bench.run({ smoke: values.smoke ?? false, log })));
  } catch (error) {
    broken++;
    process.stderr.write(`  failed: ${error instanceof Error ? error.stack : String(error)}\n`);
  }
}
const cpu = os.cpus()[0]?.model ?? "unknown CPU";
process.stdout.write(
  `\nSparegrid on Node ${process.versions.node}, ${os.availableParallelism()} × ${cpu}, ${process.platform}-${process.arch}` +
    `${values.smoke ? "  (smoke mode: times mean nothing)" : ""}\n\n${table(rows)}\n`,
);
const missed = rows.filter(({ steady, reached }) => steady && reached === false);
for (const { measure, ours, reach } of missed)
  process.stderr.write(`\n${measure}: ${ours}, and ${reach} is asked for\n`);
process.exitCode = broken > 0 || missed.length > 0 ? 1 : 0;
