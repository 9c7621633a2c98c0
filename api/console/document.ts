import { readFileSync, statSync } from "node:fs";
import path from "node:path";

/** As console/build/page-files.ts writes it: files by the address of their page, whose parts may be `:names`. */
type PageFiles = Record<string, readonly string[]>;

interface Read {
  readAtMs: number;
  before: string;
  after: string;
  pages: PageFiles;
}

const headEnd = "</head>";

/**
 * The website's one document, made for who opens it: it names the files of the page that is opened, so that a browser
 * asks for them at once, and says who is signed in, so that nobody has to ask first.
 */
export class ConsoleDocument {
  readonly #folder: string;
  #read: Read | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @param me as GET /v1/me answers, null for nobody; undefined when it is not known: then the page asks
   * @returns undefined while the website is not built
   */
  of(address: string, me: unknown): string | undefined {
    const read = this.#current();
    if (read === undefined) return undefined;
    const links = [
      ...filesOf(read.pages, address).map(linkOf),
      ...(me ? dataOf(address) : []),
    ].join("");
    return `${read.before}${links}${me === undefined ? "" : meOf(me)}${read.after}`;
  }

  /** As it was last built: a new build is seen at once. */
  #current(): Read | undefined {
    const file = path.join(this.#folder, "index.html");
    const builtAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (builtAtMs === undefined) return undefined;
    if (this.#read?.readAtMs !== builtAtMs) {
      const html = readFileSync(file, "utf8");
      const at = html.indexOf(headEnd);
      const pages = readPages(path.join(this.#folder, "pages.json"));
      this.#read = { readAtMs: builtAtMs, before: html.slice(0, at), after: html.slice(at), pages };
    }
    return this.#read;
  }
}

/** A build without it is whole: its pages only take longer to be there. */
function readPages(file: string): PageFiles {
  const there = statSync(file, { throwIfNoEntry: false }) !== undefined;
  return there ? (JSON.parse(readFileSync(file, "utf8")) as PageFiles) : {};
}

function filesOf(pages: PageFiles, address: string): readonly string[] {
  const parts = address.split("/");
  const fits = (page: string) => {
    const names = page.split("/");
    return (
      names.length === parts.length &&
      names.every((name, i) => name === parts[i] || (name.startsWith(":") && parts[i] !== ""))
    );
  };
  const found = address in pages ? address : Object.keys(pages).find(fits);
  return found === undefined ? [] : pages[found]!;
}

function linkOf(file: string): string {
  const rel = file.endsWith(".css") ? "stylesheet" : "modulepreload";
  return `<link rel="${rel}" crossorigin href="/${file}">`;
}

/** What the page of a job asks for first, asked for by the browser itself while the page's files are on their way. */
function dataOf(address: string): string[] {
  const job = /^\/jobs\/(job_[a-z0-9]+)$/.exec(address)?.[1];
  return job === undefined
    ? []
    : [`<link rel="preload" as="fetch" crossorigin href="/v1/jobs/${job}">`];
}

/** Data, which no browser runs. Names may hold whatever people write: nothing in it ends the element. */
function meOf(me: unknown): string {
  const text = JSON.stringify(me).replaceAll("<", "\\u003c");
  return `<script type="application/json" id="me">${text}</script>`;
}
