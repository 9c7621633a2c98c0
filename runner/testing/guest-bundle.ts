import type { Kind } from "../../protocol/job.ts";
import { canonicalCover, nodeSpan, rootLevel } from "../../protocol/merge-tree.ts";

/**
 * A bundle written by hand against the Guest contract, so that the runner's tests need no compiler. By kind:
 * - map: upper-cases lines; range: the integer doubled
 * - mapReduce: counts letters
 * - iterate: lines are numbers; a round's state (one f64) becomes the sum over all numbers of number + state; done at
 *   `params.rounds`
 * - invoke: echoes its input with the constants
 *
 * Params that a test may set: `throwOn` (a line), `faultOn` (a line: says that the host has not loaded it), `spinOn` (a line: never ends), `hogOn` (a line: takes all memory),
 * `work` (loop iterations per record), `log` (true: a line a task, for iterate how many blobs were made resident so far),
 * `pad` (characters added to outputs), `loads` (true: map outputs carry how many blobs were made resident so far).
 */
export function guestBundle(kind: Kind, salt = ""): string {
  return `
// ${salt}
(() => { "use strict";
  ${rootLevel.toString()}
  ${nodeSpan.toString()}
  ${canonicalCover.toString()}
  const kind = ${JSON.stringify(kind)};
  const resident = new Map();
  let loads = 0;
  const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  function binary(header, body) {
    const head = ascii(JSON.stringify(header));
    const start = Math.ceil((4 + head.length) / 8) * 8;
    const out = new Uint8Array(start + body.byteLength);
    new DataView(out.buffer).setUint32(0, head.length, true);
    out.set(head, 4);
    out.set(new Uint8Array(body), start);
    return out.buffer;
  }
  const text = (header, body) => JSON.stringify(header) + "\\n" + body;
  function records(slice) {
    if (slice.key === undefined)
      return Array.from({ length: slice.to - slice.from }, (_, i) => String(slice.from + i));
    const shard = resident.get(slice.key);
    if (shard === undefined) throw new Error("shard " + slice.key + " is not resident");
    return shard.data.split("\\n").slice(slice.from, slice.to);
  }
  let sink = 0;
  function visit(params, line) {
    for (let i = 0; i < (params.work ?? 0); i++) sink += i % 7;
    if (params.spinOn === line) for (;;) sink++;
    if (params.hogOn === line) { const hog = []; for (;;) hog.push(new Array(1000).fill(sink++)); }
    if (params.faultOn === line) throw Object.assign(new Error("no blob is loaded"), { code: "runner-fault" });
    if (params.throwOn === line) throw new TypeError("cannot take " + line);
  }
  const failure = (entry, task, record, shard, error) => text({ fuel: 3, error: {
    code: error.code ?? "function-threw", name: error.name, message: error.message, stack: error.stack,
    entry, task, record, shard, hint: "do not" } }, "");
  function mapLines(request, each) {
    const { slice, job, entry } = request;
    const lines = records(slice);
    const out = [];
    for (let i = 0; i < lines.length; i++) {
      try { visit(job.params, lines[i]); out.push(each(lines[i])); }
      catch (error) { return { failed: failure(entry, slice.task, slice.record + i, slice.shard, error) }; }
    }
    return { out, header: { fuel: lines.length, ...(job.params.log && { logs: ["task " + slice.task] }) } };
  }
  function run(request, data) {
    const { job, entry } = request;
    const { params } = job;
    if (entry === "probe") return text({ fuel: 5, control: { records: records(request.slice).length } }, "");
    if (entry === "map" && kind === "map") {
      const pad = "x".repeat(params.pad ?? 0);
      const { failed, out, header } = mapLines(request, (line) => JSON.stringify(
        (request.slice.key === undefined ? line * 2 : line.toUpperCase()) + (params.loads ? "@" + loads : "") + pad));
      return failed ?? text(header, out.join("\\n"));
    }
    if (entry === "map" && kind === "mapReduce") {
      const parts = Array.from({ length: job.reducers }, () => new Map());
      const { failed, header } = mapLines(request, (line) => {
        for (const c of line) { const part = parts[c.charCodeAt(0) % job.reducers]; part.set(c, (part.get(c) ?? 0) + 1); }
      });
      return failed ?? text(header, parts.map((part) =>
        JSON.stringify([...part].flatMap(([key, count]) => [key, [count]]))).join("\\n"));
    }
    if (entry === "reduce") {
      const sums = new Map();
      for (const line of data === "" ? [] : data.split("\\n")) {
        const list = JSON.parse(line);
        for (let i = 0; i < list.length; i += 2)
          sums.set(list[i], (sums.get(list[i]) ?? 0) + list[i + 1].reduce((a, b) => a + b, 0));
      }
      return text({ fuel: sums.size }, [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => JSON.stringify({ key, value })).join("\\n"));
    }
    if (entry === "map") {
      const state = new Float64Array(data)[0];
      const leaf = new Map();
      for (const slice of request.slices) {
        let sum = 0;
        for (const line of records(slice)) {
          try { visit(params, line); } catch (error) { return failure(entry, slice.task, slice.record, slice.shard, error); }
          sum += Number(line) + state;
        }
        leaf.set(slice.task, sum);
      }
      const lo = request.slices[0].task;
      const nodes = canonicalCover(lo, lo + request.slices.length, request.leaves);
      const total = (node) => {
        if (node.level === 0) return leaf.get(node.index);
        const left = { level: node.level - 1, index: node.index * 2 };
        const right = { level: node.level - 1, index: node.index * 2 + 1 };
        return total(left) + (nodeSpan(right, request.leaves).lo < request.leaves ? total(right) : 0);
      };
      return binary({ fuel: 9, ...(params.log && { logs: ["loads " + loads] }), partials: nodes.map((node) => ({ ...node, bytes: 8, fuel: 2 ** node.level })) },
        Float64Array.from(nodes, total).buffer);
    }
    const sumOf = (floats) => floats.reduce((a, b) => a + b, 0);
    if (entry === "merge") return binary({ fuel: 1, partials: [{ level: request.level, index: request.index, bytes: 8, fuel: 1 }] },
      Float64Array.of(sumOf(new Float64Array(data))).buffer);
    if (entry === "init") return binary({ fuel: 1, control: {} },
      Float64Array.of(request.slice ? records(request.slice).length : 0).buffer);
    if (entry === "step") {
      const total = sumOf(new Float64Array(data, request.stateBytes));
      return binary({ fuel: 1, control: { done: request.round >= (params.rounds ?? 1), metrics: { total } } },
        Float64Array.of(total).buffer);
    }
    if (entry === "finish") return text({ fuel: 1 }, JSON.stringify(new Float64Array(data)[0]));
    const input = JSON.parse(data);
    try { visit(params, input); } catch (error) { return failure(entry, undefined, undefined, undefined, error); }
    const uses = Object.fromEntries(Object.entries(job.uses).map(([name, key]) => {
      const { meta, data } = resident.get(key);
      return [name, meta.type === "json" ? JSON.parse(data) : meta.shards.map((one) => resident.get(one).data)];
    }));
    return text({ fuel: 4, ...(params.log && { logs: ["called"] }) },
      JSON.stringify({ echo: input, uses, loads }) + "x".repeat(params.pad ?? 0));
  }
  return {
    describe: () => JSON.stringify({ kind, title: "test", input: { type: "dataset", format: "lines" }, params: {},
      uses: {}, combine: false, finish: true, output: { type: "json", contentType: "application/json" }, example: false }),
    load(key, meta, data) { if (!resident.has(key)) { loads++; resident.set(key, { meta: JSON.parse(meta), data }); } },
    evict(key) { resident.delete(key); },
    run(request, data) { return run(JSON.parse(request), data); },
  };
})()
`;
}
