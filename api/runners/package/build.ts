import { packageFiles } from "./files.ts";

/** A program of its own: writes the package's files as JSON, and takes esbuild with it when it ends. */
process.stdout.write(JSON.stringify(packageFiles()));
