import { win32 } from "node:path";
import { logFileName, type ServicePlan, type ServiceProgram, type Step } from "./service-plan.ts";
import { xmlText } from "./xml.ts";

const task = "Sparegrid runner";

/** For people to type: its files cannot be replaced while it runs. */
export const taskEnd = `schtasks /End /TN "${task}"`;

export interface WindowsTaskOptions extends ServiceProgram {
  /** As Windows names them: COMPUTER\ada. */
  user: string;
}

/** A scheduled task that runs from the user's logon on. */
export function windowsTaskPlan(options: WindowsTaskOptions): ServicePlan {
  const file = win32.join(options.dataDir, "task.xml");
  const schtasks = (...args: string[]): Step => ({ command: "schtasks", args });
  const end: Step = { ...schtasks("/End", "/TN", task), optional: true };
  return {
    kind: "a scheduled task of yours",
    file,
    // What schtasks reads: UTF-16, and it says so.
    content: Buffer.from(`\ufeff${taskText(options)}`, "utf16le"),
    start: [
      end,
      schtasks("/Create", "/TN", task, "/XML", file, "/F"),
      schtasks("/Run", "/TN", task),
    ],
    stop: [end, { ...schtasks("/Delete", "/TN", task, "/F"), optional: true }],
    forget: [],
    otherwise: "it runs without a service, too: sparegrid-runner",
    hints: [`its log: ${win32.join(options.dataDir, logFileName)}`],
  };
}

/** `conhost --headless` gives a console program its console without a window. */
function taskText({ node, program, dataDir, user }: WindowsTaskOptions): string {
  const log = win32.join(dataDir, logFileName);
  const args = [node, program, "run", "--data-dir", dataDir, "--log-file", log].map(quoted);
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Lends this machine's spare time to a Sparegrid.</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
      <UserId>${xmlText(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${xmlText(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>%SystemRoot%\\System32\\conhost.exe</Command>
      <Arguments>${xmlText(["--headless", ...args].join(" "))}</Arguments>
    </Exec>
  </Actions>
</Task>
`;
}

/** As programs on Windows take their command line apart. */
function quoted(word: string): string {
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}
