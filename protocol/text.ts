import { z } from "zod";

/**
 * What people write is shown to others, so it may not hold what cannot be seen: control characters, those that turn the
 * direction of writing (CVE-2021-42574), zero-width and other invisible ones, halves of characters.
 */
const hidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u;
/** Selectors and joiners are part of emoji, … */
const emoji =
  /\p{Extended_Pictographic}[\uFE0E\uFE0F\u{1F3FB}-\u{1F3FF}]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*)*|[#*0-9]\uFE0F\u20E3/u;
/** … and joiners of how words of these scripts are written. */
const joiner =
  /(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}])[\u200C\u200D](?=[\p{L}\p{M}])/u;
const scanned = new RegExp(`(${emoji.source}|${joiner.source})|${hidden.source}`, "gu");
const lineEnd = /\r\n?|[\u2028\u2029\u0085]/g;

/** "U+202E at character 5", or undefined when all can be seen. */
export function hiddenCharacterOf(text: string): string | undefined {
  for (const { 0: found, 1: visible, index } of text.matchAll(scanned)) {
    if (visible !== undefined) continue;
    const code = found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    return `U+${code} at character ${index + 1}`;
  }
  return undefined;
}

/** Text of many lines without what cannot be seen but tabs and line ends. Pure. */
export function withoutHidden(text: string): string {
  return text
    .replace(lineEnd, "\n")
    .replace(scanned, (found, visible?: string) =>
      visible !== undefined || found === "\n" || found === "\t" ? found : "",
    );
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
