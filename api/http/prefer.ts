/** What a Prefer header (RFC 7240) asks of an invocation. Unknown preferences are ignored, as the RFC wants. */
export interface Preferences {
  respondAsync: boolean;
  waitMs: number | undefined;
}

export function parsePrefer(header: string | undefined): Preferences {
  const preferences: Preferences = { respondAsync: false, waitMs: undefined };
  if (header === undefined) return preferences;
  for (const part of header.split(",").slice(0, 20)) {
    const [name = "", value = ""] = part
      .split(";")[0]!
      .split("=")
      .map((text) => text.trim());
    if (/^respond-async$/i.test(name)) preferences.respondAsync = true;
    else if (/^wait$/i.test(name) && /^"?\d{1,6}"?$/.test(value))
      preferences.waitMs ??= Number(value.replaceAll('"', "")) * 1000;
  }
  return preferences;
}
