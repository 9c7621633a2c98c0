import path from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = import.meta.dirname;

/** The page that a runner serves on its own machine, out of the same components and tokens as the website. */
export default defineConfig({
  root: path.resolve(here, "runner-page"),
  publicDir: path.resolve(here, "public"),
  configFile: false,
  plugins: [svelte({ configFile: false })],
  build: {
    outDir: path.resolve(here, "../dist/runner-page"),
    emptyOutDir: true,
    target: "es2023",
    // Its policy lets in no inline fonts.
    assetsInlineLimit: 0,
    // It is handed out with the runner's package.
    license: { fileName: "licenses.md" },
  },
});
