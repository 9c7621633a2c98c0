import type { Dataset } from "../../../protocol/http-datasets.ts";
import { randomId } from "../../lib/api/request.ts";
import { isPassing } from "../../lib/api/send-file.ts";
import { formatOf, plainNameOf } from "./detect-format.ts";
import { type FirstBytes, firstBytesOf } from "./first-bytes.ts";
import { type Preview, previewOf } from "./preview.ts";
import { type Interruption, sendDataset } from "./send-dataset.ts";
import { Speed } from "./speed.ts";
import { faultOf, type UploadOptions, uploadQueryOf } from "./upload-options.ts";

/**
 * reading   its first bytes are looked at
 * ready     the person says what it is, and sends it
 * waiting   others go first
 * sending   → stored, failed (which may be sent again), or cancelled (which takes it off the list)
 */
export type UploadState = "reading" | "ready" | "waiting" | "sending" | "stored" | "failed";

const previewBytes = 256 * 1024;

/** One file on its way to be a dataset. */
export class Upload {
  readonly id = randomId();
  readonly file: File;
  readonly #queue: Uploads;
  readonly #speed = new Speed();
  state: UploadState = $state("reading");
  options: UploadOptions = $state()!;
  first: FirstBytes | undefined = $state.raw();
  sentBytes = $state(0);
  bytesPerSecond: number | undefined = $state();
  /** What became of a connection that broke, if one did. */
  interruption: Interruption | undefined = $state();
  error: unknown = $state.raw();
  dataset: Dataset | undefined = $state.raw();
  #sending: AbortController | undefined;
  #key = randomId();
  /** The server may have a part of it under that key. */
  #begun = false;

  constructor(file: File, queue: Uploads) {
    this.file = file;
    this.#queue = queue;
    this.options = {
      name: plainNameOf(file.name),
      format: formatOf(file.name, new Uint8Array()),
      visibility: "private",
      skipsBad: false,
      header: "auto",
      encoding: file.name.endsWith(".f64") ? "f64" : file.name.endsWith(".f32") ? "f32" : "csv",
      columns: "",
      recordBytes: "",
    };
    void this.#look();
  }

  readonly preview: Preview | undefined = $derived.by(() =>
    this.first === undefined || this.first.bytes.length === 0
      ? undefined
      : previewOf(this.first.bytes, this.options, this.first.isWhole),
  );
  readonly fault = $derived.by(() =>
    this.file.size === 0 ? "The file is empty." : faultOf(this.options),
  );
  readonly secondsLeft = $derived.by(() =>
    this.bytesPerSecond === undefined || this.bytesPerSecond === 0
      ? undefined
      : (this.file.size - this.sentBytes) / this.bytesPerSecond,
  );

  /** Also after it failed: from where the server is. */
  start(): void {
    if (this.fault !== undefined) return;
    this.state = "waiting";
    this.error = undefined;
    this.sentBytes = 0;
    this.interruption = undefined;
    void this.#queue.advance();
  }

  /** Stops it and takes it off the list. */
  cancel(): void {
    this.#sending?.abort(new DOMException("Cancelled", "AbortError"));
    this.#queue.remove(this);
  }

  async send(): Promise<void> {
    this.state = "sending";
    const sending = new AbortController();
    this.#sending = sending;
    this.#speed.begin(performance.now());
    try {
      const begun = this.#begun;
      this.#begun = true;
      this.dataset = await sendDataset(this.file, {
        query: uploadQueryOf(this.options),
        contentEncoding: this.first?.contentEncoding,
        key: this.#key,
        begun,
        onSent: (sentBytes) => {
          // Less than before: a part is sent again, and the speed is that of what comes now.
          if (sentBytes < this.sentBytes) this.#speed.begin(performance.now(), sentBytes);
          this.sentBytes = sentBytes;
          this.bytesPerSecond = this.#speed.at(performance.now(), sentBytes);
        },
        onInterruption: (what) => {
          this.interruption = what;
        },
        signal: sending.signal,
      });
      this.state = "stored";
    } catch (error) {
      if (sending.signal.aborted) return;
      this.error = error;
      this.state = "failed";
      // What was refused is another request once something is changed about it.
      if (!isPassing(error)) {
        this.#key = randomId();
        this.#begun = false;
      }
    } finally {
      this.#sending = undefined;
    }
  }

  async #look(): Promise<void> {
    try {
      const first = await firstBytesOf(this.file, previewBytes);
      this.first = first;
      this.options.format = formatOf(this.file.name, first.bytes);
      this.state = "ready";
    } catch (error) {
      this.error = error;
      this.state = "failed";
    }
  }
}

/** Files to be uploaded, one after the other; they go on while other pages are looked at. */
export class Uploads {
  items: Upload[] = $state.raw([]);
  /** Grows with each dataset that is stored. */
  stored = $state(0);
  #running = false;

  constructor() {
    addEventListener("beforeunload", (event) => {
      if (this.isBusy) event.preventDefault();
    });
  }

  get isBusy(): boolean {
    return this.items.some(({ state }) => state === "sending" || state === "waiting");
  }

  add(files: Iterable<File>): void {
    this.items = [...this.items, ...Array.from(files, (file) => new Upload(file, this))];
  }

  remove(upload: Upload): void {
    this.items = this.items.filter((one) => one !== upload);
  }

  startAll(): void {
    for (const upload of this.items) if (upload.state === "ready") upload.start();
  }

  /** Sends what waits, until nothing does. */
  async advance(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      for (;;) {
        const next = this.items.find(({ state }) => state === "waiting");
        if (next === undefined) return;
        await next.send();
        if (next.state === "stored") this.stored++;
      }
    } finally {
      this.#running = false;
    }
  }
}

export const uploads = new Uploads();
