import { CommandError } from "./command-error.ts";
import { type Context, dataDirFor, placesOf, userName } from "./context.ts";
import { launchdPlan } from "./launchd.ts";
import { configHomeOf } from "./places.ts";
import type { ServicePlan, ServiceProgram } from "./service-plan.ts";
import { systemdPlan } from "./systemd.ts";
import { windowsTaskPlan } from "./windows-task.ts";

/** How this system starts the runner. @throws CommandError when it cannot be made to */
export function servicePlan(context: Context): ServicePlan {
  const { line, env, platform, installation } = context;
  const { node, program } = installation;
  const service: ServiceProgram = { node, program, dataDir: dataDirFor(context) };
  if (line.system && platform !== "linux")
    throw new CommandError(
      "--system is for Linux with systemd",
      "leave it out: a service of yours",
    );
  if (line.system && process.getuid?.() !== 0)
    throw new CommandError("--system needs root", "sudo sparegrid-runner …");
  if (platform === "darwin")
    return launchdPlan({ ...service, home: placesOf(context).home, userId: process.getuid!() });
  if (platform === "win32")
    return windowsTaskPlan({ ...service, user: `${env.USERDOMAIN ?? "."}\\${userName()}` });
  if (platform === "linux")
    return systemdPlan({
      ...service,
      system: line.system,
      configHome: configHomeOf(placesOf(context)),
      user: userName(),
    });
  throw new CommandError(
    `there is no service for ${platform}`,
    "have your system run: sparegrid-runner",
  );
}
