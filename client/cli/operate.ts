import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { errorBodySchema } from "../../protocol/error-schemas.ts";
import { GridError } from "../index.ts";
import { UsageError } from "./report.ts";

const program = fileURLToPath(new URL("../../api/backup/main.js", import.meta.url));

const answerSchema = z.object({ done: z.unknown().optional(), error: errorBodySchema.optional() });

/**
 * Has the API's own program work on a data folder of this machine; it knows the files, this command does not.
 * @throws GridError what it answers
 */
export async function operate<S extends z.ZodType>(
  args: readonly string[],
  schema: S,
): Promise<z.infer<S>> {
  if (!existsSync(program)) throw new UsageError("this installation has no API", program);
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await Promise.all([text(child.stdout), once(child, "exit")]);
  const { done, error } = answerSchema.parse(JSON.parse(said || "null"));
  if (error) throw GridError.fromBody(error);
  return schema.parse(done);
}
