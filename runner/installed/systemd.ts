import { join } from "node:path";
import { exitCodes } from "./command-error.ts";
import type { ServicePlan, ServiceProgram } from "./service-plan.ts";

const unit = "sparegrid-runner.service";

export interface SystemdOptions extends ServiceProgram {
  /** For the whole machine, as a user that exists only while it runs; otherwise for whoever installs it. */
  system: boolean;
  /** XDG_CONFIG_HOME; of no account for the whole machine. */
  configHome: string;
  user: string;
}

/** The name of the folder in /var/lib that systemd makes, and gives to the user that it makes. */
export const stateDirectory = "sparegrid-runner";

export function systemdPlan(options: SystemdOptions): ServicePlan {
  const { system, configHome, user } = options;
  const folder = system ? "/etc/systemd/system" : join(configHome, "systemd", "user");
  const scope = system ? [] : ["--user"];
  const systemctl = (...args: string[]) => ({ command: "systemctl", args: [...scope, ...args] });
  const log = `journalctl ${scope.join("")} -u ${unit} -f`.replace("  ", " ");
  return {
    kind: system ? "a systemd service of this machine" : "a systemd service of yours",
    file: join(folder, unit),
    content: unitText(options),
    start: [systemctl("daemon-reload"), systemctl("enable", unit), systemctl("restart", unit)],
    stop: [{ ...systemctl("disable", "--now", unit), optional: true }],
    forget: [
      { ...systemctl("daemon-reload"), optional: true },
      { ...systemctl("reset-failed", unit), optional: true },
    ],
    otherwise: system
      ? "without systemd, have the system run: sparegrid-runner"
      : "log in as yourself, not by su or sudo; or sudo sparegrid-runner install --system; or without systemd: sparegrid-runner",
    hints: [
      `its log: ${log}`,
      ...(system
        ? []
        : [`to have it run while you are not logged in: sudo loginctl enable-linger ${user}`]),
    ],
  };
}

/**
 * Executors need memory that is both written and executed (V8 compiles), /proc of their own, and setpriv, which is why
 * MemoryDenyWriteExecute, ProcSubset and a filter of system calls are not among the protections; nor is PrivateDevices,
 * as terminals tell when someone was last at the machine.
 */
function unitText({ node, program, dataDir, system }: SystemdOptions): string {
  // The name of a program may not have these in it, a program's argument may.
  const start = /["'\\$]/.test(node) ? ["/usr/bin/env", node] : [node];
  const command = [...start, program, "run", "--data-dir", dataDir].map(quoted).join(" ");
  return `[Unit]
Description=Sparegrid runner
${system ? "Wants=network-online.target\nAfter=network-online.target\n" : ""}
[Service]
ExecStart=${command}
Restart=on-failure
RestartSec=30
# ${exitCodes.usage}: its settings are wrong. ${exitCodes.dismissed}: the server does not take its key any more.
RestartPreventExitStatus=${exitCodes.usage} ${exitCodes.dismissed}
# The runner is told to stop, and ends its executors itself, after what they may finish.
KillMode=mixed
TimeoutStopSec=20

# Whatever else the machine does goes before.
# Executors are nicer still, so that the runner answers while they compute.
Nice=5
CPUWeight=1
CPUWeight=idle
IOSchedulingClass=idle
MemoryMax=75%
# An executor that took too much is replaced; the others go on.
OOMPolicy=continue

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
UMask=0077
${system ? systemLines : `ReadWritePaths=${quoted(dataDir)}\n`}
[Install]
WantedBy=${system ? "multi-user.target" : "default.target"}
`;
}

const systemLines = `DynamicUser=yes
StateDirectory=${stateDirectory}
StateDirectoryMode=0700
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
DevicePolicy=closed
CapabilityBoundingSet=
`;

/** A word of a unit: percent and dollar signs mean something to systemd, as quotes and backslashes do. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", () => "$$");
  return /^[\w@+=:,./%-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
