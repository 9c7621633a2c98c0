/**
 * The bytes of a stream that are not cut yet, contiguous. Grows as needed and is reused, so that what is left over
 * after a cut moves at most once per cut; whoever keeps a view must copy it before the next `push`.
 */
export class ByteWindow {
  #buffer: Buffer = Buffer.allocUnsafeSlow(256 * 1024);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /** The uncut bytes, as a view that holds until the next `push`. */
  view(): Buffer {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  push(chunk: Uint8Array): void {
    const needed = this.length + chunk.byteLength;
    if (this.#to + chunk.byteLength > this.#buffer.byteLength) {
      if (needed > this.#buffer.byteLength) {
        const larger = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(needed + 1)));
        larger.set(this.view());
        this.#buffer = larger;
      } else {
        this.#buffer.copyWithin(0, this.#from, this.#to);
      }
      this.#to -= this.#from;
      this.#from = 0;
    }
    this.#buffer.set(chunk, this.#to);
    this.#to += chunk.byteLength;
  }

  drop(bytes: number): void {
    this.#from += bytes;
    if (this.#from === this.#to) {
      this.#from = 0;
      this.#to = 0;
    }
  }
}
