import type { SourcePosition } from "../../../protocol/errors.ts";

const around = 3;

/** The lines of a version's source about a position; undefined when its files have no such place. Pure. */
export function linesAround(
  version: { source: string; files: Readonly<Record<string, string>> },
  { file, line }: SourcePosition,
): { line: number; text: string }[] | undefined {
  const named = Object.entries(version.files).find(([name]) => file.endsWith(name));
  const lines = (named?.[1] ?? version.source).split("\n");
  if (line < 1 || line > lines.length) return undefined;
  const from = Math.max(1, line - around);
  return lines.slice(from - 1, line + around).map((text, index) => ({ line: from + index, text }));
}
