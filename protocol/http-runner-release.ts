import { z } from "zod";

const commandsSchema = z.array(z.string()).describe("One after the other, in a terminal");

/** GET /runner: what the server gives to whoever wants to lend a machine. */
export const runnerReleaseSchema = z
  .object({
    version: z.string(),
    build: z.string().describe("Names the program's content: another one is an update"),
    protocol: z.int().describe("What runner and server speak; it must be the same on both sides"),
    node: z.string().describe("The Node that it brings along"),
    platforms: z.array(z.string()).describe("That Node's: linux-x64"),
    server: z.string().describe("The server that a runner from here connects to"),
    url: z.string().describe("What npm installs"),
    bytes: z.int(),
    digest: z.string().describe("SHA-256 of these bytes, in hex"),
    commands: z
      .object({ linux: commandsSchema, macos: commandsSchema, windows: commandsSchema })
      .describe("Install it, and have the system start it"),
  })
  .meta({ id: "RunnerRelease" });
export type RunnerRelease = z.infer<typeof runnerReleaseSchema>;
