import path from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";
import { sandboxTypes } from "./build/sandbox-types.ts";

const here = import.meta.dirname;

/**
 * The website, as files that the API hands out. `npm run console` serves them with hot reload and passes /v1 on to a
 * running API.
 */
export default defineConfig({
  root: here,
  configFile: false,
  plugins: [svelte({ configFile: false }), compression({ algorithms: ["gzip", "brotliCompress"] })],
  // Alone in the worker: nothing else reads what is made for it.
  worker: { format: "es", plugins: () => [sandboxTypes()] },
  build: {
    outDir: path.resolve(here, "../dist/console"),
    emptyOutDir: true,
    target: "es2023",
    // Styles of pages that come later are loaded with them; fonts stay files, so that the policy needs no data: URLs.
    assetsInlineLimit: 0,
    rolldownOptions: { input: [path.resolve(here, "index.html")] },
  },
  server: {
    proxy: { "/v1": process.env.SPAREGRID_URL ?? "http://127.0.0.1:8080" },
  },
});
