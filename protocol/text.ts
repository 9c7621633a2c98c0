import { z } from "zod";

/**
 * What people write is shown to others, so it may not hold what cannot be seen: control characters, those that turn the
 * direction of writing (CVE-2021-42574), zero-width and other invisible ones, halves of characters. Variation selectors
 * stay, since emoji need them.
 */
const hidden =
  /(?![\uFE0E\uFE0F])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u;
const hiddenAll = new RegExp(hidden.source, "gu");
const lineEnd = /\r\n?|[\u2028\u2029\u0085]/g;

/** "U+202E at character 5", or undefined when all can be seen. */
export function hiddenCharacterOf(text: string): string | undefined {
  const found = hidden.exec(text);
  if (!found) return undefined;
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return `U+${code} at character ${found.index + 1}`;
}

/** Text of many lines without what cannot be seen but tabs and line ends. Pure. */
export function withoutHidden(text: string): string {
  return text
    .replace(lineEnd, "\n")
    .replace(hiddenAll, (character) => (character === "\n" || character === "\t" ? character : ""));
}

/** One line that people read: names, titles, messages. Hidden characters are refused, since a name must be what it seems. */
export function lineSchema(charsMax: number) {
  return z
    .string()
    .min(1)
    .max(charsMax)
    .superRefine((text, context) => {
      const found = hiddenCharacterOf(text);
      if (found !== undefined)
        context.addIssue({ code: "custom", message: `an invisible character, ${found}` });
      else if (text.trim() === "") context.addIssue({ code: "custom", message: "it is blank" });
    });
}

/** Text of many lines, such as a readme: hidden characters are left out. */
export function proseSchema(charsMax: number) {
  return z.string().max(charsMax).transform(withoutHidden);
}
