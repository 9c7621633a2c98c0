import { z } from "zod";

export const packageFilesSchema = z.array(
  z.object({
    /** Within the package: "bin/sparegrid-runner.js". */
    name: z.string(),
    base64: z.string(),
    executable: z.boolean(),
  }),
);

/** A file of the runner's package, as one process tells another of it. */
export type PackageFile = z.infer<typeof packageFilesSchema>[number];

export function packageFile(
  name: string,
  content: string | Uint8Array,
  executable = false,
): PackageFile {
  return { name, base64: Buffer.from(content).toString("base64"), executable };
}

export function bytesOf({ base64 }: PackageFile): Buffer {
  return Buffer.from(base64, "base64");
}
