import { pino } from "pino";
import { ConsoleBuild } from "../../api/console/build.ts";
import { consoleFolder } from "../../api/console/files.ts";

/** Before the first test: the console as it is in this tree. */
export default async function buildConsole(): Promise<void> {
  await new ConsoleBuild().run(consoleFolder, pino({ level: "warn" }));
}
