import { parseArgs } from "node:util";
import { toGridError } from "../http/problem.ts";
import { reportView } from "../ledger/view.ts";
import { backUp, verifyOffline } from "./backup.ts";
import { restore } from "./restore.ts";

/**
 * What the operator does with a data folder, without the API: `backup`, `restore`, `verify`. Started by the `sparegrid`
 * command; the answer is a line of JSON: { done } or { error }.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "data-dir": { type: "string" }, force: { type: "boolean", default: false } },
});

async function work(): Promise<unknown> {
  const [verb, file = ""] = positionals;
  const dataDir = values["data-dir"] ?? "";
  switch (verb) {
    case "backup":
      return backUp(dataDir, file, values.force);
    case "restore": {
      const restored = restore({ dataDir, file, force: values.force, nowMs: Date.now() });
      return { ...restored, report: reportView(restored.report, Date.now()) };
    }
    case "verify":
      return reportView(await verifyOffline(dataDir), Date.now());
    default:
      throw new Error(`there is no ${verb}`);
  }
}

try {
  answer({ done: await work() });
} catch (error) {
  const known = toGridError(error);
  if (known.code === "internal") process.stderr.write(`${String(error)}\n`);
  answer({ error: known.toBody() });
  process.exitCode = 1;
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
