import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sample } from "../samples.ts";
import { DayVolume, midnightAfter } from "./day-volume.ts";
import { idleMs } from "./idle.ts";
import { othersCpuPercent } from "./others-cpu.ts";
import { pauseOf } from "./pause-of.ts";
import { isOnMains } from "./power.ts";
import type { RunCommand } from "./run-command.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "limits-"));
});
afterEach(() => rm(dir, { recursive: true }));

const says =
  (answers: Record<string, string | undefined>): RunCommand =>
  async (command, args) =>
    answers[[command, ...args].join(" ")] ?? answers[command];
const never = says({});

async function supply(name: string, files: Record<string, string>): Promise<void> {
  await mkdir(join(dir, name), { recursive: true });
  for (const [file, text] of Object.entries(files))
    await writeFile(join(dir, name, file), `${text}\n`);
}
const linux = () => isOnMains({ platform: "linux", suppliesDir: dir, run: never });

describe("mains power", () => {
  it("is what a machine without a battery has, whoever's mouse runs low", async () => {
    expect(await isOnMains({ platform: "linux", suppliesDir: join(dir, "none"), run: never })).toBe(
      true,
    );
    await supply("hidpp_battery_0", { type: "Battery", scope: "Device", status: "Discharging" });
    expect(await linux()).toBe(true);
  });

  it("on Linux follows the plug, by whatever name, and the battery where no plug is told of", async () => {
    await supply("BAT0", { type: "Battery", status: "Discharging" });
    expect(await linux()).toBe(false);
    await supply("BAT0", { type: "Battery", status: "Full" });
    expect(await linux()).toBe(true);
    await supply("AC", { type: "Mains", online: "0" });
    expect(await linux()).toBe(false);
    await supply("ucsi-source-psy", { type: "USB", online: "1" });
    expect(await linux()).toBe(true);
  });

  it("on macOS and Windows is what the system says; where it says nothing nobody knows", async () => {
    const mac = (told?: string) =>
      isOnMains({ platform: "darwin", suppliesDir: dir, run: says({ pmset: told }) });
    expect(await mac("Now drawing from 'AC Power'\n -InternalBattery-0 100%")).toBe(true);
    expect(await mac("Now drawing from 'Battery Power'\n")).toBe(false);
    expect(await mac()).toBeUndefined();
    const windows = (told?: string) =>
      isOnMains({ platform: "win32", suppliesDir: dir, run: says({ "powershell.exe": told }) });
    expect(await windows("")).toBe(true);
    expect(await windows("2\r\n")).toBe(true);
    expect(await windows("1\r\n")).toBe(false);
    expect(await windows()).toBeUndefined();
  });
});

describe("how long nobody used the machine", () => {
  const nowMs = Date.parse("2026-11-23T12:00:00Z");

  it("on Linux is told by the terminals' last keys", async () => {
    const linuxIdle = () => idleMs({ platform: "linux", devDir: dir, run: never }, nowMs);
    expect(await linuxIdle()).toBe(nowMs);
    await mkdir(join(dir, "pts"));
    for (const [name, secondsAgo] of [
      ["tty1", 900],
      ["pts/0", 60],
      ["pts/ptmx", 1],
      ["null", 1],
    ] as const) {
      await writeFile(join(dir, name), "");
      const at = nowMs / 1000 - secondsAgo;
      await utimes(join(dir, name), at, at);
    }
    expect(await linuxIdle()).toBe(60_000);
  });

  it("on Linux is told by desktops, of which one that is not idle is in use", async () => {
    const session = (told: string) =>
      idleMs(
        {
          platform: "linux",
          devDir: dir,
          run: async (_, [verb]) => (verb === "list-sessions" ? "  2 1000 ada seat0\n" : told),
        },
        nowMs,
      );
    expect(await session("Type=wayland\nState=active\nIdleHint=no\nIdleSinceHint=0\n")).toBe(0);
    const since = (nowMs - 120_000) * 1000;
    expect(await session(`Type=x11\nState=active\nIdleHint=yes\nIdleSinceHint=${since}\n`)).toBe(
      120_000,
    );
    expect(await session("Type=x11\nState=closing\nIdleHint=no\n")).toBe(nowMs);
  });

  it("on macOS and Windows is what the system says", async () => {
    const told = (platform: NodeJS.Platform, command: string, text?: string) =>
      idleMs({ platform, devDir: dir, run: says({ [command]: text }) }, nowMs);
    expect(await told("darwin", "ioreg", '| "HIDIdleTime" = 5000000000\n')).toBe(5_000);
    expect(await told("win32", "powershell.exe", "81234\r\n")).toBe(81_234);
    expect(await told("darwin", "ioreg")).toBeUndefined();
    expect(await told("win32", "powershell.exe", "an error")).toBeUndefined();
  });
});

describe("why a runner does nothing", () => {
  const nowMs = new Date(2026, 10, 23, 12, 0).getTime(); // a Monday
  const facts = { nowMs, networkBytes: 0 };
  const iso = (...time: [number, number, number, number?]) => new Date(...time).toISOString();

  it("is nothing without settings, and what cannot be told stops nothing", () => {
    expect(
      pauseOf({}, { ...facts, onMains: false, idleMs: 0, othersCpuPercent: 100 }),
    ).toBeUndefined();
    const all = { mainsOnly: true, idleMinutes: 5, othersCpuPercent: 20, networkMbPerDay: 1 };
    expect(pauseOf(all, facts)).toBeUndefined();
  });

  it("is told with the end, where it is known", () => {
    const until = new Date(nowMs + 60_000).toISOString();
    expect(pauseOf({ pause: until }, facts)).toEqual({ reason: "asked", until });
    expect(pauseOf({ pause: iso(2026, 10, 22) }, facts)).toBeUndefined();
    expect(pauseOf({ pause: "restart" }, facts)).toEqual({ reason: "asked" });
    expect(pauseOf({ hours: "mon-fri 18:00-08:00" }, facts)).toEqual({
      reason: "hours",
      until: iso(2026, 10, 23, 18),
    });
    expect(pauseOf({ networkMbPerDay: 1 }, { ...facts, networkBytes: 1024 * 1024 })).toEqual({
      reason: "network",
      until: iso(2026, 10, 24),
    });
    expect(pauseOf({ mainsOnly: true }, { ...facts, onMains: false })).toEqual({
      reason: "battery",
    });
    expect(pauseOf({ idleMinutes: 5 }, { ...facts, idleMs: 299_000 })).toEqual({
      reason: "in-use",
    });
    expect(pauseOf({ idleMinutes: 5 }, { ...facts, idleMs: 300_000 })).toBeUndefined();
    expect(pauseOf({ othersCpuPercent: 30 }, { ...facts, othersCpuPercent: 30 })).toEqual({
      reason: "busy",
    });
    const memoryShortUntilMs = nowMs + 1_000;
    expect(pauseOf({}, { ...facts, memoryShortUntilMs })).toMatchObject({ reason: "memory" });
  });
});

describe("the day's data volume", () => {
  it("counts over restarts, and begins anew at midnight", async () => {
    let nowMs = new Date(2026, 10, 23, 23, 59).getTime();
    let carried = 0;
    const open = () =>
      DayVolume.open({
        path: join(dir, "network.json"),
        carried: () => carried,
        clock: () => nowMs,
      });
    const first = await open();
    carried = 700;
    expect(first.bytes).toBe(700);
    await first.keep();
    carried = 0;
    const second = await open();
    carried = 50;
    expect(second.bytes).toBe(750);
    nowMs = midnightAfter(nowMs);
    carried = 60;
    expect(second.bytes).toBe(0);
    carried = 75;
    expect(second.bytes).toBe(15);
    await writeFile(join(dir, "network.json"), "{ broken");
    expect((await open()).bytes).toBe(0);
  });
});

it("what others use of the processor is the machine's use less the runner's, over a while", () => {
  const nowMs = Date.parse("2026-11-23T12:00:00Z");
  const sample = (secondsAgo: number, machineCpu: number): Sample => ({
    at: new Date(nowMs - secondsAgo * 1000).toISOString(),
    cpu: 0,
    rssMb: 1,
    machineCpu,
    machineMb: 1,
    machineMbMax: 1,
  });
  expect(othersCpuPercent([sample(1, 50)], false, nowMs)).toBeUndefined();
  const samples = [sample(50, 90), sample(40, 90), sample(6, 10), sample(1, 20)];
  expect(othersCpuPercent(samples, false, nowMs)).toBe(15);
  // Once it has stopped for others, a short lull is not enough.
  expect(othersCpuPercent(samples, true, nowMs)).toBe(52.5);
});
