import type { DiskFile } from '@oubliette/runtime';

/** Goes through a file from its start, a stretch in memory at a time; each byte is read once at most. */
export class FileWindow {
  #buffer: Buffer;
  #start = 0;
  #filled = 0;
  #position = 0;

  /** Up to `end`, which is where the file ended when that was looked at. */
  constructor(
    private readonly file: DiskFile,
    public end: number,
    private readonly chunkBytes: number,
  ) {
    this.#buffer = Buffer.allocUnsafe(Math.min(Math.max(end, 1), chunkBytes));
  }

  /** Where in the file the stretch begins. */
  get position(): number {
    return this.#position;
  }

  /** What is in memory, a view that is good until the next call of `need`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(this.#start, this.#filled);
  }

  /** Reads on until `length` bytes are in memory, or the file is at its end; how many are. */
  async need(length: number): Promise<number> {
    const available = this.#filled - this.#start;
    if (available >= length) return available;
    this.#makeRoom(length);
    const wanted = Math.min(this.#buffer.length - this.#filled, this.end - this.#position - available);
    if (wanted <= 0) return available;
    const count = await this.file.read(
      this.#buffer,
      this.#filled,
      wanted,
      this.#position + this.#filled - this.#start,
    );
    this.#filled += count;
    // It became shorter: a broker that starts cuts off what was torn.
    if (count < wanted) this.end = this.#position + this.#filled - this.#start;
    return this.#filled - this.#start;
  }

  /** What lies behind the bytes in memory is not read. */
  skip(length: number): void {
    this.#start = Math.min(this.#start + length, this.#filled);
    this.#position += length;
  }

  /** Keys may have stood in it. */
  wipe(): void {
    this.#buffer.fill(0);
  }

  #makeRoom(length: number): void {
    const rest = this.bytes;
    if (length <= this.#buffer.length) this.#buffer.copyWithin(0, this.#start, this.#filled);
    else {
      const larger = Buffer.allocUnsafe(Math.max(length, this.chunkBytes));
      rest.copy(larger);
      this.#buffer.fill(0);
      this.#buffer = larger;
    }
    this.#start = 0;
    this.#filled = rest.length;
  }
}
