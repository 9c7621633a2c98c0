import { handleSchema, operatorHandle } from "../../protocol/accounts.ts";

const charsMax = 40;
const attemptsMax = 1_000;

/**
 * A free handle like the local part of an e-mail address: "Ada.Lovelace+grid@…" gives ada-lovelace-grid, or with a
 * number behind it when that is taken. Pure but for `taken`.
 */
export function deriveHandle(email: string, taken: (handle: string) => boolean): string {
  const base = baseOf(email.slice(0, email.lastIndexOf("@")));
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const suffix = attempt === 1 ? "" : `-${attempt}`;
    const handle = `${base.slice(0, charsMax - suffix.length).replace(/-$/, "")}${suffix}`;
    if (handleSchema.safeParse(handle).success && handle !== operatorHandle && !taken(handle))
      return handle;
  }
  throw new Error(`no free handle like ${base} in ${attemptsMax} attempts`);
}

function baseOf(local: string): string {
  const words = local
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-$/g, "");
  return words.length < 2 ? "member" : words;
}
