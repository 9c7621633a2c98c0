import { join } from "node:path";
import { logFileName, type ServicePlan, type ServiceProgram } from "./service-plan.ts";
import { xmlText } from "./xml.ts";

const label = "dev.sparegrid.runner";

export interface LaunchdOptions extends ServiceProgram {
  home: string;
  userId: number;
}

/** An agent of the user's: it runs while they are logged in. */
export function launchdPlan(options: LaunchdOptions): ServicePlan {
  const domain = `gui/${options.userId}`;
  const file = join(options.home, "Library", "LaunchAgents", `${label}.plist`);
  const bootOut = {
    command: "launchctl",
    args: ["bootout", `${domain}/${label}`],
    optional: true,
  };
  return {
    kind: "a launchd agent of yours",
    file,
    content: agentText(options),
    start: [bootOut, { command: "launchctl", args: ["bootstrap", domain, file] }],
    stop: [bootOut],
    forget: [],
    otherwise: "it runs without a service, too: sparegrid-runner",
    hints: [`its log: ${join(options.dataDir, logFileName)}`],
  };
}

/** It drains in 10 s, and is started again when it failed, at most twice a minute. */
function agentText({ node, program, dataDir }: LaunchdOptions): string {
  const log = join(dataDir, logFileName);
  const args = [node, program, "run", "--data-dir", dataDir, "--log-file", log];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${args.map((arg) => `    <string>${xmlText(arg)}</string>`).join("\n")}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>30</integer>
  <key>ExitTimeOut</key>
  <integer>20</integer>
  <key>ProcessType</key>
  <string>Background</string>
  <key>LowPriorityIO</key>
  <true/>
  <key>Nice</key>
  <integer>5</integer>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`;
}
