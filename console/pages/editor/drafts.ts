import { readStored, removeStored, storedKeys, writeStored } from "../../lib/stored.ts";

/** Texts by path. The entry is the first. */
export type Files = Readonly<Record<string, string>>;

/** What was typed and not published yet, as this browser keeps it. */
export interface Draft {
  files: Files;
  /** The version that it began from; absent for a new function. */
  version?: string;
}

const prefix = "sparegrid.editor.";
export const draftKeyOf = (id: string) => prefix + id;

export function readDraft(id: string): Draft | undefined {
  return parseDraft(readStored(draftKeyOf(id)));
}

/** False when the browser did not keep it. */
export function keepDraft(id: string, draft: Draft): boolean {
  return writeStored(draftKeyOf(id), JSON.stringify(draft));
}

export const dropDraft = (id: string): void => removeStored(draftKeyOf(id));

/** Of what there are drafts. */
export const draftIds = (): string[] => storedKeys(prefix).map((key) => key.slice(prefix.length));

/** Whatever the browser kept, even of another release, gives a draft that is one or none. Pure. */
export function parseDraft(kept: string | null | undefined): Draft | undefined {
  try {
    const { files, version } = JSON.parse(kept ?? "null") as Partial<Draft>;
    if (typeof files !== "object" || files === null) return undefined;
    const texts = Object.entries(files);
    if (texts.length === 0 || !texts.every(([, text]) => typeof text === "string"))
      return undefined;
    return { files, ...(typeof version === "string" ? { version } : {}) };
  } catch {
    return undefined;
  }
}

/** Pure. */
export function sameFiles(a: Files, b: Files): boolean {
  const paths = Object.keys(a);
  return (
    paths.length === Object.keys(b).length &&
    paths.every((path) => path in b && a[path] === b[path])
  );
}
