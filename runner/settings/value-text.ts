import { GridError } from "../../protocol/errors.ts";
import type {
  RunnerSettings,
  RunnerSettingsChange,
  SettingName,
} from "../../protocol/runner-settings.ts";

const numbers = new Set<string>([
  "slots",
  "cpuPercent",
  "memoryMb",
  "ask",
  "idleMinutes",
  "othersCpuPercent",
  "networkMbPerDay",
] satisfies SettingName[]);
const yes = new Set(["true", "yes", "on"]);
const no = new Set(["false", "no", "off"]);

/**
 * What `name=value …` on a command line says; nothing behind the sign, or "default", is the default. Values are not
 * checked beyond their kind: that is the schema's. Names may be written-so too.
 * @throws GridError bad-request
 */
export function parseAssignments(words: readonly string[]): RunnerSettingsChange {
  const change: Record<string, unknown> = {};
  for (const word of words) {
    const at = word.indexOf("=");
    if (at <= 0)
      throw new GridError("bad-request", `"${word}" is not like cpuPercent=50`, {
        hint: "nothing behind the sign sets the default again: cpuPercent=",
      });
    const name = camelCased(word.slice(0, at));
    change[name] = readValue(name, word.slice(at + 1).trim());
  }
  return change as RunnerSettingsChange;
}

/** As it could be typed. */
export function valueText(value: RunnerSettings[SettingName]): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}

function readValue(name: string, text: string): unknown {
  if (text === "" || text === "default") return null;
  if (numbers.has(name) && !Number.isNaN(Number(text))) return Number(text);
  if (name === "pools") return text.split(",").map((pool) => pool.trim());
  if (name === "mainsOnly" && yes.has(text)) return true;
  if (name === "mainsOnly" && no.has(text)) return null;
  return text;
}

function camelCased(name: string): string {
  return name.trim().replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
