import {
  createSystem,
  createVirtualTypeScriptEnvironment,
  type VirtualTypeScriptEnvironment,
} from "@typescript/vfs";
import ts from "typescript";

export interface TypeFault {
  from: number;
  to: number;
  severity: "error" | "warning" | "info";
  message: string;
}

/** A name that fits. `source`: the module that it would be imported from. */
export interface TypeOption {
  name: string;
  kind: string;
  /** Smaller is better. */
  order: string;
  source?: string;
}

export interface TypeText {
  /** TypeScript, e.g. "const counts: number[]". */
  signature: string;
  documentation: string;
}

export interface TypeHover extends TypeText {
  from: number;
  to: number;
}

export interface TextChange {
  from: number;
  to: number;
  insert: string;
}

const home = "/author/";
const globalsPath = `${home}globals.d.ts`;
const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  lib: ["lib.es2025.d.ts"],
  types: [],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  paths: { sparegrid: ["/sparegrid/functions/sdk/index.ts"] },
  allowImportingTsExtensions: true,
  allowJs: true,
  resolveJsonModule: true,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};
const preferences: ts.UserPreferences = {
  includeCompletionsForModuleExports: true,
  includeCompletionsWithInsertText: false,
  importModuleSpecifierPreference: "non-relative",
};

/** TypeScript's own language service over an author's files and the SDK, with what the sandbox has and nothing else. */
export class TypeService {
  readonly #env: VirtualTypeScriptEnvironment;
  #texts = new Map<string, string>();

  /** @param types see console/build/sandbox-types.ts */
  constructor(types: Readonly<Record<string, string>>) {
    const system = createSystem(new Map(Object.entries(types)));
    system.writeFile(globalsPath, globalsOf([]));
    this.#env = createVirtualTypeScriptEnvironment(system, [globalsPath], ts, compilerOptions);
  }

  /** Answers once it works. */
  ready(): boolean {
    return this.#env.languageService.getProgram() !== undefined;
  }

  /** The author's files, all of them: others are gone. */
  setFiles(files: Readonly<Record<string, string>>): void {
    for (const path of this.#texts.keys()) if (!(path in files)) this.#env.deleteFile(home + path);
    this.#texts = new Map([...this.#texts].filter(([path]) => path in files));
    for (const [path, text] of Object.entries(files)) this.update(path, text);
    this.#env.updateFile(globalsPath, globalsOf(Object.keys(files)));
  }

  update(path: string, text: string): void {
    if (this.#texts.get(path) === text) return;
    // An empty file is none for the virtual file system.
    const content = text === "" ? "\n" : text;
    if (this.#texts.has(path)) this.#env.updateFile(home + path, content);
    else this.#env.createFile(home + path, content);
    this.#texts.set(path, text);
  }

  faults(path: string): TypeFault[] {
    const { languageService: service } = this.#env;
    if (!this.#texts.has(path) || !/\.[cm]?[jt]s$/.test(path)) return [];
    const found = [
      ...service.getSyntacticDiagnostics(home + path),
      ...service.getSemanticDiagnostics(home + path),
    ];
    const length = this.#texts.get(path)!.length;
    return found.flatMap(({ start, length: size, messageText, category }) => {
      if (start === undefined) return [];
      const from = Math.min(start, length);
      const message = ofSandbox(ts.flattenDiagnosticMessageText(messageText, "\n"));
      const severity = severityOf(category);
      return [{ from, to: Math.min(start + (size ?? 0), length), severity, message }];
    });
  }

  complete(path: string, at: number): TypeOption[] {
    if (!this.#texts.has(path)) return [];
    const found = this.#env.languageService.getCompletionsAtPosition(home + path, at, preferences);
    return (found?.entries ?? []).flatMap(({ name, kind, sortText, source }) => {
      if (source !== undefined && !isOffered(source)) return [];
      return [{ name, kind, order: sortText, ...(source === undefined ? {} : { source }) }];
    });
  }

  /** What an offered name is, and what has to change elsewhere in the file for it: its import. */
  explain(
    path: string,
    at: number,
    name: string,
    source?: string,
  ): (TypeText & { changes: TextChange[] }) | undefined {
    const { languageService: service } = this.#env;
    const file = home + path;
    const format = ts.getDefaultFormatCodeSettings("\n");
    // The entry's own data says which of several modules of that name is meant.
    const offered = service
      .getCompletionsAtPosition(file, at, preferences)
      ?.entries.find((entry) => entry.name === name && entry.source === source);
    const { data } = offered ?? {};
    const found = service.getCompletionEntryDetails(
      file,
      at,
      name,
      format,
      source,
      preferences,
      data,
    );
    if (found === undefined) return undefined;
    const changes = (found.codeActions ?? [])
      .flatMap((action) => action.changes)
      .filter(({ fileName }) => fileName === file)
      .flatMap(({ textChanges }) => textChanges)
      .map(({ span, newText }) => ({
        from: span.start,
        to: span.start + span.length,
        insert: newText,
      }));
    return { ...textOf(found.displayParts, found.documentation), changes };
  }

  hover(path: string, at: number): TypeHover | undefined {
    if (!this.#texts.has(path)) return undefined;
    const found = this.#env.languageService.getQuickInfoAtPosition(home + path, at);
    if (found === undefined) return undefined;
    const { start, length } = found.textSpan;
    return { from: start, to: start + length, ...textOf(found.displayParts, found.documentation) };
  }
}

/** TypeScript's advice is for a project: what to install, what to change in tsconfig. Here there is neither. */
function ofSandbox(message: string): string {
  const missing = /^Cannot find name '[^']*'\.(?= Do you need)/.exec(message);
  return missing === null ? message : `${missing[0]} The sandbox has no browser and no Node.`;
}

/** The SDK as authors import it, and their own files: not the SDK's insides. */
function isOffered(source: string): boolean {
  return source === "sparegrid" || source.startsWith("./") || source.startsWith(home);
}

function textOf(
  signature: readonly ts.SymbolDisplayPart[] | undefined,
  documentation: readonly ts.SymbolDisplayPart[] | undefined,
): TypeText {
  return {
    signature: ts.displayPartsToString(signature as ts.SymbolDisplayPart[] | undefined),
    documentation: ts.displayPartsToString(documentation as ts.SymbolDisplayPart[] | undefined),
  };
}

function severityOf(category: ts.DiagnosticCategory): TypeFault["severity"] {
  if (category === ts.DiagnosticCategory.Error) return "error";
  return category === ts.DiagnosticCategory.Warning ? "warning" : "info";
}

/** The sandbox's console; and npm code that came with the function, whose types did not. */
function globalsOf(paths: readonly string[]): string {
  const packages = paths.flatMap((path) => /^node_modules\/(.+)\.js$/.exec(path)?.[1] ?? []);
  return [
    `declare const console: import("/sparegrid/functions/sdk/console.ts").GuestConsole;`,
    ...packages.map((name) => `declare module ${JSON.stringify(name)};`),
  ].join("\n");
}
