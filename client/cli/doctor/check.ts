/** One finding of `sparegrid doctor`. */
export interface Finding {
  /** What was looked at, in a few words. */
  name: string;
  /** bad: something will not work · warn: something may surprise · skip: does not apply here */
  state: "good" | "bad" | "warn" | "skip";
  text: string;
  /** What to do about it. */
  remedy?: string;
}

export const good = (name: string, text: string): Finding => ({ name, state: "good", text });
export const skip = (name: string, text: string): Finding => ({ name, state: "skip", text });
export const warn = (name: string, text: string, remedy: string): Finding => ({
  name,
  state: "warn",
  text,
  remedy,
});
export const bad = (name: string, text: string, remedy: string): Finding => ({
  name,
  state: "bad",
  text,
  remedy,
});
