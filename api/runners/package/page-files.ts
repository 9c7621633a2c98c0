import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newest } from "../../console/newest.ts";
import { type PackageFile, packageFile } from "./package-file.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const built = join(root, "dist/runner-page");
const vite = join(root, "node_modules/vite/bin/vite.js");
const sources = ["console", "protocol", "package.json"];

/**
 * The page that a runner serves on its own machine, built when it is absent or older than its sources. None where what
 * builds it is not installed: such a runner says so to whoever opens its page, and works all the same.
 */
export function pageFiles(): PackageFile[] {
  const changed = Math.max(...sources.map((source) => newest(join(root, source))));
  if (newest(join(built, "index.html")) < changed && existsSync(vite)) build();
  if (!existsSync(built)) return [];
  return readdirSync(built, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => statSync(join(built, name)).isFile())
    .sort()
    .map((name) => packageFile(`page/${name}`, readFileSync(join(built, name))));
}

/** Aside, and then put in place as a whole: tests and servers of one checkout may do so at the same time. */
function build(): void {
  const draft = `${built}.${process.pid}`;
  const config = join(root, "console/vite.runner-page.ts");
  const args = [vite, "build", "--config", config, "--outDir", draft];
  try {
    execFileSync(process.execPath, args, { cwd: root, stdio: "ignore" });
    rmSync(built, { recursive: true, force: true });
    renameSync(draft, built);
  } catch (error) {
    // Another was faster, by a moment, and made the same.
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
