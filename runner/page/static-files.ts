import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pageTokenPlaceholder } from "../../protocol/runner-page.ts";

/** Where the built page lies: in this repository, and beside the program in the runner's package. */
const folders = ["../../dist/runner-page", "./page"];

const types: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
  json: "application/json",
};

const notBuilt = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="runner-token" content="${pageTokenPlaceholder}"><title>Sparegrid runner</title>
<p>The runner works; its page is not built here. In the project's folder: <code>npm run build</code></p>`;

export interface StaticFile {
  type: string;
  body: Buffer;
  /** Its name changes with its content. */
  immutable: boolean;
}

/** The built page's files. What is not among those that are there is not looked for on the disk. */
export class StaticFiles {
  readonly #folder: string | undefined;
  readonly #names: ReadonlySet<string>;
  readonly #token: string;

  /** @param token written into the page */
  constructor(token: string) {
    this.#token = token;
    this.#folder = folders
      .map((folder) => fileURLToPath(new URL(folder, import.meta.url)))
      .find((folder) => existsSync(join(folder, "index.html")));
    const listed = this.#folder === undefined ? [] : readdirSync(this.#folder, { recursive: true });
    this.#names = new Set(listed.map((name) => String(name).replaceAll("\\", "/")));
  }

  async page(): Promise<StaticFile> {
    const html =
      this.#folder === undefined
        ? notBuilt
        : await readFile(join(this.#folder, "index.html"), "utf8");
    const body = Buffer.from(html.replace(pageTokenPlaceholder, this.#token));
    return { type: types.html!, body, immutable: false };
  }

  /** @param name below the page's folder */
  async file(name: string): Promise<StaticFile | undefined> {
    const type = types[name.split(".").at(-1) ?? ""];
    if (this.#folder === undefined || !this.#names.has(name) || type === undefined)
      return undefined;
    const body = await readFile(join(this.#folder, name));
    return { type, body, immutable: name.startsWith("assets/") };
  }
}
