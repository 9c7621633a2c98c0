import { z } from "zod";

export const packageFilesSchema = z.array(
  z.object({
    /** Within the package: "bin/sparegrid-runner.js". */
    name: z.string(),
    text: z.string(),
    executable: z.boolean(),
  }),
);

/** A file of the runner's package, all of which are text. */
export type PackageFile = z.infer<typeof packageFilesSchema>[number];
