import type { SourcePosition } from "../../../protocol/errors.ts";
import {
  draftKeyOf,
  dropDraft,
  type Files,
  keepDraft,
  parseDraft,
  readDraft,
  sameFiles,
} from "./drafts.ts";
import { placeIn } from "./sources.ts";

const keepAfterMs = 300;

export interface WorkspaceOptions {
  /** What the draft is known by in this browser. */
  id: string;
  entry: string;
  /** As published, or as the template has it. */
  base: Files;
  version?: string;
}

/** An error at its place in a file. */
export interface Fault {
  at: SourcePosition;
  message: string;
}

/**
 * The files that are being written. Every change is kept in this browser shortly after. The same draft may be open in
 * another tab: what is written there shows here too, and what it took the place of can be brought back.
 */
export class Workspace {
  readonly id: string;
  readonly entry: string;
  readonly version: string | undefined;
  readonly base: Files;
  files: Files = $state.raw({});
  active: string = $state("");
  /** Grows when texts came from elsewhere than the keyboard. */
  revision = $state(0);
  fault: Fault | undefined = $state.raw();
  /** False when the browser keeps nothing. */
  isKept = $state(true);
  /** Another version was the latest when the draft began. */
  isBehind = $state(false);
  /** It was there when the page opened. */
  isRestored = $state(false);
  /** What stood here before another tab's text came. */
  replaced: Files | undefined = $state.raw();
  /** Another tab published or discarded the draft. */
  isGone = $state(false);
  readonly isChanged = $derived.by(() => !sameFiles(this.files, this.base));
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Something was typed here that is not written down yet; what another tab wrote is not written again. */
  #isDirty = false;
  #isOver = false;

  constructor({ id, entry, base, version }: WorkspaceOptions) {
    this.id = id;
    this.entry = entry;
    this.base = base;
    this.version = version;
    const draft = readDraft(id);
    const isOurs = draft !== undefined && entry in draft.files;
    this.files = isOurs ? draft.files : base;
    this.isRestored = isOurs && !sameFiles(draft.files, base);
    this.isBehind = this.isRestored && draft?.version !== version;
    this.active = entry;
  }

  update(path: string, text: string): void {
    if (this.files[path] === text) return;
    this.files = { ...this.files, [path]: text };
    this.#keepSoon();
  }

  add(path: string): void {
    this.files = { ...this.files, [path]: "" };
    this.active = path;
    this.revision++;
    this.#keepSoon();
  }

  remove(path: string): void {
    const { [path]: _, ...rest } = this.files;
    if (this.active === path) this.active = this.entry;
    this.#become(rest);
    this.#keepSoon();
  }

  /** Back to what was published, or to the template. */
  discard(): void {
    this.#become(this.base);
    this.isRestored = false;
    this.isBehind = false;
    this.#isDirty = true;
    this.flush();
  }

  /** Brings back what another tab's text took the place of. */
  bringBack(): void {
    if (this.replaced === undefined) return;
    this.#become(this.replaced);
    this.#isDirty = true;
    this.flush();
  }

  /** Marks an error at its line, and shows its file. Undefined: there is none any more. */
  mark(at: SourcePosition | undefined, message = ""): void {
    if (at === undefined) {
      this.fault = undefined;
      return;
    }
    const place = placeIn(this.files, this.entry, at);
    this.active = place.file;
    this.fault = { at: place, message };
  }

  /** The draft has become a version. */
  published(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    dropDraft(this.id);
  }

  /** Writes down what is not written yet. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isOver || !this.#isDirty) return;
    this.#isDirty = false;
    if (!this.isChanged) dropDraft(this.id);
    else {
      const { version, isBehind, files } = this;
      // A draft that is behind stays so, until somebody looked at what is new.
      const of = isBehind ? readDraft(this.id)?.version : version;
      this.isKept = keepDraft(this.id, { files, ...(of === undefined ? {} : { version: of }) });
    }
  }

  /** Follows the other tabs, and keeps what is there when the page is left. Gives the end of it. */
  attach(): () => void {
    const stored = ({ key, newValue }: StorageEvent) => {
      if (key === draftKeyOf(this.id)) this.#elsewhere(parseDraft(newValue)?.files);
    };
    const leaving = (event: BeforeUnloadEvent) => {
      this.flush();
      if (this.isChanged && !this.isKept && !this.#isOver) event.preventDefault();
    };
    const hidden = () => this.flush();
    addEventListener("storage", stored);
    addEventListener("beforeunload", leaving);
    addEventListener("pagehide", hidden);
    return () => {
      removeEventListener("storage", stored);
      removeEventListener("beforeunload", leaving);
      removeEventListener("pagehide", hidden);
      this.flush();
    };
  }

  #elsewhere(files: Files | undefined): void {
    if (this.#isOver) return;
    // What stands here stays, and is kept again with its next change.
    this.isGone = files === undefined && this.isChanged;
    if (files === undefined || !(this.entry in files) || sameFiles(files, this.files)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isDirty = false;
    const before = this.replaced ?? this.files;
    this.#become(files);
    this.replaced = before;
  }

  #become(files: Files): void {
    this.replaced = undefined;
    this.fault = undefined;
    this.files = files;
    if (!(this.active in files)) this.active = this.entry;
    this.revision++;
  }

  #keepSoon(): void {
    this.replaced = undefined;
    this.isGone = false;
    this.#isDirty = true;
    this.#timer ??= setTimeout(() => this.flush(), keepAfterMs);
  }
}
