export interface Resident {
  bundle: string;
  key: string;
  bytes: number;
  /** Position in the order of use. */
  used: number;
}

/** What one executor process holds, and which of it was used last. Mirrors what was sent down its pipe. */
export class Residency {
  readonly #bundles = new Map<string, Map<string, Resident>>();
  #bytes = 0;
  #uses = 0;

  get bytes(): number {
    return this.#bytes;
  }

  has(bundle: string, key: string): boolean {
    return this.#bundles.get(bundle)?.has(key) ?? false;
  }

  /** Marks as used just now. */
  touch(bundle: string, key: string): void {
    const entry = this.#bundles.get(bundle)?.get(key);
    if (entry) entry.used = ++this.#uses;
  }

  add(bundle: string, key: string, bytes: number): void {
    if (this.has(bundle, key)) return;
    const entry = { bundle, key, bytes, used: ++this.#uses };
    const keys = this.#bundles.get(bundle);
    if (keys) keys.set(key, entry);
    else this.#bundles.set(bundle, new Map([[key, entry]]));
    this.#bytes += bytes;
  }

  remove(bundle: string, key: string): boolean {
    const keys = this.#bundles.get(bundle);
    const entry = keys?.get(key);
    if (!keys || !entry) return false;
    keys.delete(key);
    this.#bytes -= entry.bytes;
    return true;
  }

  removeBundle(bundle: string): void {
    for (const { bytes } of this.#bundles.get(bundle)?.values() ?? []) this.#bytes -= bytes;
    this.#bundles.delete(bundle);
  }

  clear(): void {
    this.#bundles.clear();
    this.#bytes = 0;
  }

  /**
   * The least recently used entries to drop so that at most `bytesMax` stay, sparing those in use. Fewer bytes than
   * wanted are freed when too much is in use: what a call needs must be there whatever the bound says.
   */
  victims(bytesMax: number, inUse: (key: string) => boolean): Resident[] {
    if (this.#bytes <= bytesMax) return [];
    const oldestFirst = [...this.#bundles.values()]
      .flatMap((keys) => [...keys.values()])
      .sort((a, b) => a.used - b.used);
    const victims: Resident[] = [];
    let bytes = this.#bytes;
    for (const entry of oldestFirst) {
      if (bytes <= bytesMax) break;
      if (inUse(entry.key)) continue;
      victims.push(entry);
      bytes -= entry.bytes;
    }
    return victims;
  }
}
