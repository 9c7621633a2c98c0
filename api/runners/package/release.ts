import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFiles } from "./files.ts";
import { packageName, packageVersion } from "./manifest.ts";
import { buildOf, pack } from "./pack.ts";
import { bytesOf } from "./package-file.ts";

/**
 * A program: writes to dist/ what a release hands out. A server makes its own copy of the package, which also says where
 * that server is; to one installed from here the address is given (`--url`).
 */
const dist = fileURLToPath(new URL("../../../dist", import.meta.url));
const files = packageFiles();
mkdirSync(dist, { recursive: true });
const executor = files.find(({ name }) => name === "executor.cjs")!;
writeFileSync(join(dist, executor.name), bytesOf(executor));
const archive = `${packageName}-${packageVersion}.tgz`;
const bytes = await pack(files);
writeFileSync(join(dist, archive), bytes);
console.log(`dist/${archive}: ${Math.ceil(bytes.byteLength / 1024)} KB, build ${buildOf(files)}`);
