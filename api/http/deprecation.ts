import type { Version } from "./versions.ts";

/** The header that tells of a deprecated version; what is not ASCII in the message is percent-encoded. */
export const deprecatedHeader = "x-function-deprecated";

/** - undefined for a version that nothing speaks against */
export function deprecationOf({
  deprecated,
}: Version): { field: { deprecated: string }; header: Record<string, string> } | undefined {
  if (deprecated === null) return undefined;
  const ascii = deprecated.replace(/[^\x20-\x7e]|%/gu, (character) =>
    encodeURIComponent(character),
  );
  return { field: { deprecated }, header: { [deprecatedHeader]: ascii } };
}
