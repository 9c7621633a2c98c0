import type { Output } from "../../../protocol/job.ts";
import { type Memo, weightOf } from "../memo-port.ts";
import type { Argument } from "./connection.ts";

type PackedOutput = [
  level: number,
  hash: string,
  fuel: number,
  bytes: number,
  hostClass: string,
  inline: 0 | 1,
];

const newline = 10;

/** Arguments of memo_put: task, by, weight, and its outputs: a line of JSON, and the inline bytes. */
export function memoArgs(memo: Memo): Argument[] {
  const list = memo.outputs.map(
    ({ level, hash, fuel, bytes, hostClass, inline }): PackedOutput => [
      level,
      hash,
      fuel,
      bytes,
      hostClass,
      inline ? 1 : 0,
    ],
  );
  const parts = memo.outputs.flatMap(({ inline }) => (inline ? [inline] : []));
  const packed = Buffer.concat([Buffer.from(`${JSON.stringify(list)}\n`), ...parts]);
  return [memo.task, memo.by, weightOf(memo), packed];
}

/** What a family's hash has of a task: "by weight\n", then as packed. */
export function unpackMemo(task: string, kept: Buffer): Memo {
  const head = kept.indexOf(newline);
  const tail = kept.indexOf(newline, head + 1);
  const by = kept.toString("utf8", 0, kept.indexOf(" "));
  const list = JSON.parse(kept.toString("utf8", head + 1, tail)) as PackedOutput[];
  let at = tail + 1;
  const outputs = list.map(([level, hash, fuel, bytes, hostClass, inline]): Output => {
    const output = { level, index: 0, hash, fuel, bytes, hostClass };
    if (inline === 0) return output;
    at += bytes;
    return { ...output, inline: kept.subarray(at - bytes, at) };
  });
  return { task, by, outputs };
}
