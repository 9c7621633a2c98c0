import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { powershell, type RunCommand } from "./run-command.ts";

export interface IdleSources {
  platform: NodeJS.Platform;
  /** Where Linux has its terminals. */
  devDir: string;
  run: RunCommand;
}

/** The time since the last input, by the window manager's own clock. */
const windowsScript = `Add-Type @'
using System; using System.Runtime.InteropServices;
public static class Idle {
  [StructLayout(LayoutKind.Sequential)] struct Info { public uint cbSize; public uint dwTime; }
  [DllImport("user32.dll")] static extern bool GetLastInputInfo(ref Info info);
  public static uint Ms() { var i = new Info(); i.cbSize = 8; GetLastInputInfo(ref i);
    return (uint)Environment.TickCount - i.dwTime; }
}
'@; [Idle]::Ms()`;

/** How long ago somebody last used the machine, ms. Undefined when it cannot be told. */
export async function idleMs(sources: IdleSources, nowMs: number): Promise<number | undefined> {
  const { platform, run } = sources;
  if (platform === "linux") return linuxIdleMs(sources, nowMs);
  if (platform === "darwin") {
    const told = await run("ioreg", ["-c", "IOHIDSystem", "-d", "4"]);
    const idleNs = told && /"HIDIdleTime"\s*=\s*(\d+)/.exec(told)?.[1];
    return idleNs === undefined ? undefined : Number(idleNs) / 1e6;
  }
  if (platform === "win32") {
    const told = (await run(...powershell(windowsScript)))?.trim();
    return told === undefined || !/^\d+$/.test(told) ? undefined : Number(told);
  }
  return undefined;
}

/** The later of what terminals and graphical sessions tell. A machine that nobody is at is idle for ever. */
async function linuxIdleMs({ devDir, run }: IdleSources, nowMs: number): Promise<number> {
  const [terminalMs, sessionMs] = await Promise.all([
    lastTerminalInputMs(devDir),
    lastSessionInputMs(run, nowMs),
  ]);
  return Math.max(nowMs - Math.max(terminalMs, sessionMs), 0);
}

/** A terminal's access time is that of the last key (w(1) tells it so). */
async function lastTerminalInputMs(devDir: string): Promise<number> {
  const list = (dir: string) => readdir(dir).catch(() => [] as string[]);
  const [devices, pseudo] = await Promise.all([list(devDir), list(join(devDir, "pts"))]);
  const paths = [
    ...devices.filter((name) => /^tty\d+$/.test(name)).map((name) => join(devDir, name)),
    ...pseudo.filter((name) => /^\d+$/.test(name)).map((name) => join(devDir, "pts", name)),
  ];
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        (s) => s.atimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(0, ...times);
}

/** Desktops tell systemd-logind when nobody is at them; one that is not idle is in use now. */
async function lastSessionInputMs(run: RunCommand, nowMs: number): Promise<number> {
  const listed = await run("loginctl", ["list-sessions", "--no-legend"]);
  const ids = listed?.split("\n").flatMap((line) => line.trim().split(/\s+/)[0] || []) ?? [];
  const properties = ["Type", "State", "IdleHint", "IdleSinceHint"].map(
    (name) => `--property=${name}`,
  );
  const times = await Promise.all(
    ids.slice(0, 32).map(async (id) => {
      const told = (await run("loginctl", ["show-session", id, ...properties])) ?? "";
      const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(told)?.[1];
      const graphical = value("Type") === "x11" || value("Type") === "wayland";
      if (!graphical || value("State") !== "active") return 0;
      if (value("IdleHint") === "no") return nowMs;
      return Number(value("IdleSinceHint") ?? 0) / 1000;
    }),
  );
  return Math.max(0, ...times);
}
