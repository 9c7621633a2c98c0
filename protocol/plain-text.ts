import { z } from "zod";

/**
 * What no text for people may hold: control characters (line feeds and tabs apart, where lines are allowed), separators
 * of lines that editors show as nothing, and all that Unicode calls default ignorable: bidirectional overrides, zero
 * width spaces, fillers, tags. With them a name shows as what it is not.
 */
const hidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** Joiners and selectors are part of many emoji, … */
const emoji =
  /\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\u{1F3FB}-\u{1F3FF}]*)*|[#*0-9]\uFE0F\u20E3/gu;
/** … and joiners of how words of these scripts are written. */
const joined =
  /(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}])[\u200C\u200D](?=[\p{L}\p{M}])/gu;

/** The first character of a text that would not show, as "U+202E"; undefined when there is none. */
export function hiddenCharacter(text: string, lines = false): string | undefined {
  const rest = text.replace(emoji, "").replace(joined, "");
  for (const [character] of rest.matchAll(hidden)) {
    if (lines && (character === "\n" || character === "\t")) continue;
    return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
  }
  return undefined;
}

export interface PlainTextOptions {
  charsMax: number;
  /** 1 unless said; 0 allows an empty text. */
  charsMin?: number;
  /** Whether it may have several lines; "\r\n" becomes "\n". */
  lines?: boolean;
}

/**
 * A text that people wrote and others will read: in Unicode's composed form, without space around it, nothing hidden in
 * it. It is plain text, never HTML: whoever shows it escapes it.
 */
export function plainTextSchema({ charsMax, charsMin = 1, lines = false }: PlainTextOptions) {
  return (
    z
      .string()
      // Before anything is computed with it: composing can make a text a little longer, never much shorter.
      .max(charsMax * 4)
      .transform((text) => (lines ? text.replaceAll("\r\n", "\n") : text).normalize("NFC").trim())
      .superRefine((text, context) => {
        const found = hiddenCharacter(text, lines);
        if (found !== undefined) context.addIssue(`holds ${found}, a character that does not show`);
      })
      .pipe(z.string().min(charsMin).max(charsMax))
  );
}
