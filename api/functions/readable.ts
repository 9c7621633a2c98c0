import { GridError } from "../../protocol/errors.ts";
import type { Description } from "../../protocol/guest.ts";
import { hiddenCharacterOf, withoutHidden } from "../../protocol/text.ts";

/**
 * A description as people may be shown it. Titles and names are what they seem or are refused; longer texts lose what
 * cannot be seen. Pure.
 * @throws GridError bad-definition
 */
export function readable(description: Description): Description {
  const { title, description: about, params, uses } = description;
  requireVisible("the title", title);
  if (title.trim() === "") throw new GridError("bad-definition", "the title is blank");
  for (const name of Object.keys(params)) requireVisible("a parameter's name", name);
  for (const name of Object.keys(uses)) requireVisible("a constant's name", name);
  return {
    ...description,
    ...cleaned({ description: about }),
    params: mapped(params, (param) => ({ ...param, ...cleaned(param) })),
    uses: mapped(uses, cleaned),
  };
}

function requireVisible(what: string, text: string): void {
  const found = hiddenCharacterOf(text);
  if (found !== undefined)
    throw new GridError("bad-definition", `${what} has an invisible character, ${found}`, {
      hint: "remove it; a name must be what it seems",
    });
}

interface Texts {
  title?: string | undefined;
  description?: string | undefined;
}

function cleaned({ title, description }: Texts): { title?: string; description?: string } {
  return {
    ...(title === undefined ? {} : { title: withoutHidden(title) }),
    ...(description === undefined ? {} : { description: withoutHidden(description) }),
  };
}

function mapped<T>(record: Record<string, T>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
