import path from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { compression } from "vite-plugin-compression2";
import { pageFiles } from "./build/page-files.ts";
import { sandboxTypes } from "./build/sandbox-types.ts";

const here = import.meta.dirname;
const commonModules = /console\/lib\/|@lucide\/|\/client\/|\/protocol\//;
const commonPagesMin = 4;

/**
 * The website, as files that the API hands out. `npm run console` serves them with hot reload and passes /v1 on to a
 * running API.
 */
export default defineConfig({
  root: here,
  configFile: false,
  plugins: [
    svelte({ configFile: false }),
    pageFiles(),
    compression({ algorithms: ["gzip", "brotliCompress"] }),
  ],
  // Alone in the worker: nothing else reads what is made for it.
  worker: { format: "es", plugins: () => [sandboxTypes()] },
  build: {
    outDir: path.resolve(here, "../dist/console"),
    emptyOutDir: true,
    target: "es2023",
    // Fonts stay files, so that the policy needs no data: URLs.
    assetsInlineLimit: 0,
    // All styles are 12 KB: one request is sooner there than those of a page, one by one.
    cssCodeSplit: false,
    rolldownOptions: {
      input: [path.resolve(here, "index.html")],
      output: {
        codeSplitting: {
          // What most pages are made of comes with the document, instead of in a dozen files that each page waits for.
          groups: [{ name: "common", test: commonModules, minShareCount: commonPagesMin }],
        },
      },
    },
  },
  server: {
    proxy: { "/v1": process.env.SPAREGRID_URL ?? "http://127.0.0.1:8080" },
  },
});
