import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { powershell, type RunCommand } from "./run-command.ts";

export interface PowerSources {
  platform: NodeJS.Platform;
  /** Where Linux shows its power supplies. */
  suppliesDir: string;
  run: RunCommand;
}

/** Win32_Battery.BatteryStatus: discharging, low, critical. */
const dischargingStates = new Set(["1", "4", "5"]);

/** Whether the machine is on mains power; one without a battery is. Undefined when it cannot be told. */
export async function isOnMains({
  platform,
  suppliesDir,
  run,
}: PowerSources): Promise<boolean | undefined> {
  if (platform === "linux") return linuxOnMains(suppliesDir);
  if (platform === "darwin") {
    const told = await run("pmset", ["-g", "batt"]);
    return told === undefined ? undefined : !told.includes("'Battery Power'");
  }
  if (platform === "win32") {
    const told = await run(
      ...powershell("(Get-CimInstance -ClassName Win32_Battery).BatteryStatus"),
    );
    const states = told?.split(/\s+/).filter((state) => state !== "");
    return (
      states && (states.length === 0 || !states.every((state) => dischargingStates.has(state)))
    );
  }
  return undefined;
}

/** https://docs.kernel.org/power/power_supply_class.html */
async function linuxOnMains(dir: string): Promise<boolean | undefined> {
  const names = await readdir(dir).catch(() => undefined);
  // A machine without the folder has no power supply to tell of: a server, a container.
  if (!names) return true;
  const supplies = await Promise.all(
    names.map(async (name) => {
      const read = (file: string) =>
        readFile(join(dir, name, file), "utf8").then(
          (text) => text.trim(),
          () => undefined,
        );
      const [type, online, status, scope] = await Promise.all(
        ["type", "online", "status", "scope"].map(read),
      );
      return { type, online, status, scope };
    }),
  );
  // The batteries of mice and keyboards are not the machine's.
  const batteries = supplies.filter(({ type, scope }) => type === "Battery" && scope !== "Device");
  if (batteries.length === 0) return true;
  if (supplies.some(({ type, online }) => type !== "Battery" && online === "1")) return true;
  const plugs = supplies.filter(({ type, online }) => type !== "Battery" && online !== undefined);
  return plugs.length > 0 ? false : !batteries.some(({ status }) => status === "Discharging");
}
