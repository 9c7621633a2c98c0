import type { Kind } from "../../protocol/job.ts";
import { canonicalCover, nodeSpan, rootLevel } from "../../protocol/merge-tree.ts";

/**
 * A bundle written by hand against the Guest contract, so that the runner's tests need no compiler. By kind:
 * - map: upper-cases lines; range: the integer doubled
 * - mapReduce: counts letters
 * - iterate: lines are numbers; a round's state (one f64) becomes the sum over all numbers of number + state, summed
 *   along the merge tree; done at `params.rounds`
 * - invoke: echoes its input with the constants
 *
 * Params that a test may set: `throwOn` (a line), `faultOn` (a line: says that the host has not loaded it), `spinOn` (a
 * line: never ends), `hogOn` (a line: takes all memory), `inRound` (all these in that round only), `throwInStep` (a
 * round), `work` (loop iterations per record), `log` (true: a line a task and a step, for an iterate's map how many blobs
 * were made resident so far), `pad` (characters added to outputs), `loads` (true: map outputs carry how many blobs were
 * made resident so far), `impure` (true: a step and map in one call give a state that depends on the slices).
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
  function visit(params, line, round) {
    if ((params.inRound ?? round) !== round) return;
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
  /** The value of a node, from those that are known, along the tree. */
  function along(known, leaves, node) {
    const value = known.get(node.level + "/" + node.index);
    if (value !== undefined) return value;
    const left = { level: node.level - 1, index: node.index * 2 };
    const right = { level: node.level - 1, index: node.index * 2 + 1 };
    return along(known, leaves, left) + (nodeSpan(right, leaves).lo < leaves ? along(known, leaves, right) : 0);
  }
  /** A node from partials, which must come in order. */
  function merged(partials, values, leaves, node) {
    const firsts = partials.map((one) => nodeSpan(one, leaves).lo);
    if (firsts.some((lo, i) => i > 0 && lo <= firsts[i - 1])) throw new Error("the partials are not in order");
    return along(new Map(partials.map(({ level, index }, i) => [level + "/" + index, values[i]])), leaves, node);
  }
  function mapRound({ job, slices, leaves }, state, round) {
    const sums = new Map();
    for (const slice of slices) {
      let sum = 0;
      for (const line of records(slice)) {
        try { visit(job.params, line, round); }
        catch (error) { return { failed: failure("map", slice.task, slice.record, slice.shard, error) }; }
        sum += Number(line) + state;
      }
      sums.set("0/" + slice.task, sum);
    }
    const lo = slices[0].task;
    const nodes = canonicalCover(lo, lo + slices.length, leaves);
    return {
      header: { fuel: 9, ...(job.params.log && { logs: ["loads " + loads] }),
        partials: nodes.map((node) => ({ ...node, bytes: 8, fuel: 2 ** node.level })) },
      body: Float64Array.from(nodes, (node) => along(sums, leaves, node)).buffer,
    };
  }
  function step({ job: { params }, round, leaves, stateBytes, partials, quiet }, data) {
    if (params.throwInStep === round)
      return { failed: failure("step", 0, undefined, undefined, new TypeError("cannot step " + round)) };
    const total = merged(partials, new Float64Array(data, stateBytes), leaves, { level: rootLevel(leaves), index: 0 });
    return {
      header: { fuel: 1, control: { done: round >= (params.rounds ?? 1), metrics: { total } },
        ...(params.log && !quiet && { logs: ["step " + round] }) },
      state: { bytes: 8, fuel: 1 },
      body: Float64Array.of(total).buffer,
    };
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
      const mapped = mapRound(request, new Float64Array(data)[0], request.round);
      return mapped.failed ?? binary(mapped.header, mapped.body);
    }
    if (entry === "step" || entry === "round") {
      const stepped = step(request, data);
      if (stepped.failed || entry === "step" || stepped.header.control.done)
        return stepped.failed ?? binary({ ...stepped.header, ...(entry === "round" && { state: stepped.state, partials: [] }) }, stepped.body);
      const total = new Float64Array(stepped.body)[0] + (params.impure ? request.slices[0].task : 0);
      const mapped = mapRound(request, total, request.round + 1);
      return mapped.failed ?? binary({ ...mapped.header, ...stepped.header, state: stepped.state,
        logs: [...(stepped.header.logs ?? []), ...(mapped.header.logs ?? [])] },
        Float64Array.of(total, ...new Float64Array(mapped.body)).buffer);
    }
    if (entry === "merge") return binary({ fuel: 1, partials: [{ level: request.level, index: request.index, bytes: 8, fuel: 1 }] },
      Float64Array.of(merged(request.partials, new Float64Array(data), request.leaves, request)).buffer);
    if (entry === "init") return binary({ fuel: 1, control: {} },
      Float64Array.of(request.slice ? records(request.slice).length : 0).buffer);
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
