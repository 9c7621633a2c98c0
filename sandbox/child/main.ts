import type IsolatedVm from "isolated-vm";
import { pipeFrameBytesMax } from "../../protocol/limits.ts";
import type { FromExecutor } from "../messages-out.ts";
import { Host } from "./host.ts";
import { BlockingFrameReader, BlockingFrameWriter } from "./pipe.ts";

/**
 * The executor's child: a process that may read two files (this one and isolated-vm's addon) and nothing else, and
 * works until its parent closes the pipe or kills it. Started by sandbox/launch.ts as: node … executor.cjs ADDON
 */
const addon: { exports: { ivm?: typeof IsolatedVm } } = { exports: {} };
process.dlopen(addon, process.argv[2]!);
const ivm = addon.exports.ivm;
if (!ivm) throw new Error("isolated-vm's addon has another shape than expected");

const reader = new BlockingFrameReader(0, pipeFrameBytesMax);
const writer = new BlockingFrameWriter(1);
const host = new Host(ivm, writer);
const ready: FromExecutor = { type: "ready", v8: process.versions.v8, arch: process.arch };
writer.write({ message: ready, payloads: [] });

for (;;) {
  if (reader.drained) {
    host.settle();
    host.prepare();
  }
  const incoming = reader.next();
  if (!incoming) break;
  for (const each of incoming) host.handle(each);
}
process.exit(0);
