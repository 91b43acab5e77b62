import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_OVERHEAD,
  Compression,
  batchAt,
  decompress,
  decompressAside,
  iterateRecords,
  KafkaError,
  type BatchView,
} from '@oubliette/protocol';
import type { DiskFile } from '@oubliette/runtime';
import { FileWindow } from './file-window.js';

/**
 * Why bytes of a log say nothing of their records. `torn`: the file ends within a batch, as after a crash or while it is being written.
 * `damaged`: a checksum, a length, a packed block or a record is wrong. `old-format`: messages as before Kafka 0.11. `too-large`: a batch of more bytes
 * than are read at once.
 */
export type LogTroubleReason = 'torn' | 'damaged' | 'old-format' | 'too-large';

/** Positions and lengths in bytes. */
export interface LogTrouble {
  readonly reason: LogTroubleReason;
  readonly position: number;
  readonly bytes: number;
}

/** A record as it was decoded; key and value are views. */
export interface LogRecord {
  readonly offset: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Told what stands in a file, in its order. All bytes are views that are good during the call alone. */
export interface LogFileVisitor {
  /** One record of the batch at `position`. */
  record(record: LogRecord, position: number): void;
  /** The records of the compressed batch at `position`, unpacked; before its `bytes`. */
  unpacked(payload: Uint8Array, position: number): void;
  /** Bytes as they stand: each byte of the file once. `isDecoded` where all of them are batches whose records were given. */
  bytes(bytes: Uint8Array, position: number, isDecoded: boolean): void;
  /** Behind the `bytes` that it is about. */
  trouble(trouble: LogTrouble): void;
}

export interface LogFileTally {
  readonly bytes: number;
  readonly batches: number;
  readonly records: number;
}

export interface ReadLogFileOptions {
  readonly signal?: AbortSignal;
  /** Read at a time; default 1 MiB. */
  readonly chunkBytes?: number;
  /** Largest batch that is looked into; default 64 MiB. */
  readonly maxBatchBytes?: number;
}

const MiB = 1024 * 1024;
/** What unpacks within a millisecond or two need not go to another thread. */
const unpackHereBytes = 64 * 1024;
const magicAt = 16;
const lengthAt = 8;
const format = 2;

/**
 * Reads one file of a partition's directory from start to end, in memory of one chunk or batch. A `log` file, and any other that begins
 * with an intact batch, is taken apart; of others there are bytes alone. What was appended behind the end meanwhile is not read, but for the rest of
 * a batch that was being written. Rejects with DiskError, and with the signal's reason.
 */
export async function readLogFile(
  file: DiskFile,
  isLog: boolean,
  visitor: LogFileVisitor,
  options: ReadLogFileOptions = {},
): Promise<LogFileTally> {
  const reading = new Reading(file, visitor, options);
  try {
    return await reading.run(isLog);
  } finally {
    reading.wipe();
  }
}

class Reading {
  readonly #window: FileWindow;
  readonly #chunkBytes: number;
  readonly #maxBatchBytes: number;
  #batches = 0;
  #records = 0;

  constructor(
    private readonly file: DiskFile,
    private readonly visitor: LogFileVisitor,
    private readonly options: ReadLogFileOptions,
  ) {
    this.#chunkBytes = options.chunkBytes ?? MiB;
    this.#maxBatchBytes = options.maxBatchBytes ?? 64 * MiB;
    this.#window = new FileWindow(file, file.size(), this.#chunkBytes);
  }

  async run(isLog: boolean): Promise<LogFileTally> {
    const { end } = this.#window;
    if (isLog || (await this.#beginsWithBatch())) await this.#batchesUpTo(end);
    else await this.#undecoded(this.#window.end, null);
    return { bytes: this.#window.position, batches: this.#batches, records: this.#records };
  }

  wipe(): void {
    this.#window.wipe();
  }

  async #beginsWithBatch(): Promise<boolean> {
    if (this.#window.end < BATCH_HEADER_BYTES) return false;
    await this.#window.need(BATCH_HEADER_BYTES);
    const length = this.#batchLength();
    if (typeof length !== 'number' || length > this.#maxBatchBytes) return false;
    await this.#window.need(length);
    return batchAt(this.#window.bytes, 0)?.isIntact() ?? false;
  }

  async #batchesUpTo(end: number): Promise<void> {
    while (this.#window.position < Math.min(end, this.#window.end)) {
      this.options.signal?.throwIfAborted();
      await this.#window.need(BATCH_HEADER_BYTES);
      const length = this.#batchLength();
      if (typeof length !== 'number') return this.#undecoded(this.#window.end, length);
      const batchEnd = this.#window.position + length;
      // An append may have been under way when the size was taken.
      if (batchEnd > this.#window.end) this.#window.end = Math.max(this.#window.end, this.file.size());
      if (batchEnd > this.#window.end) return this.#undecoded(this.#window.end, 'torn');
      if (length > this.#maxBatchBytes) await this.#undecoded(batchEnd, 'too-large');
      else await this.#batch(length);
    }
  }

  /** Of the batch at the window's start, or why there is none. */
  #batchLength(): number | LogTroubleReason {
    const { bytes } = this.#window;
    if (bytes.length <= magicAt) return 'torn';
    const length = bytes.readInt32BE(lengthAt);
    const magic = bytes.readInt8(magicAt);
    if ((magic === 0 || magic === 1) && length > 0) return 'old-format';
    if (magic !== format || length < BATCH_HEADER_BYTES - BATCH_LENGTH_OVERHEAD) return 'damaged';
    return BATCH_LENGTH_OVERHEAD + length;
  }

  async #batch(length: number): Promise<void> {
    const { position } = this.#window;
    await this.#window.need(length);
    const bytes = this.#window.bytes.subarray(0, length);
    const batch = batchAt(bytes, 0);
    // The file became shorter.
    if (batch === null) return this.#undecoded(this.#window.end, 'torn');
    this.#batches++;
    const isIntact = batch.isIntact();
    // What a wrong checksum is about is looked at all the same.
    const isDecoded = (await this.#visitRecords(batch, position)) && isIntact;
    this.visitor.bytes(bytes, position, isDecoded);
    if (!isDecoded) this.visitor.trouble({ reason: 'damaged', position, bytes: length });
    this.#window.skip(length);
  }

  /** False where they could not all be read. */
  async #visitRecords(batch: BatchView, position: number): Promise<boolean> {
    let payload: Uint8Array | null = null;
    try {
      payload = await unpacked(batch);
      if (payload !== null) this.visitor.unpacked(payload, position);
      for (const record of iterateRecords(batch, payload === null ? {} : { payload })) {
        this.#records++;
        this.visitor.record(record, position);
      }
      return true;
    } catch (error) {
      if (error instanceof KafkaError) return false;
      throw error;
    } finally {
      payload?.fill(0);
    }
  }

  /** Hands over what stands up to `end` as it is. Zeros alone are what a file system or a preallocated segment leaves: no trouble. */
  async #undecoded(end: number, reason: LogTroubleReason | null): Promise<void> {
    const from = this.#window.position;
    let hasContent = false;
    while (this.#window.position < end) {
      this.options.signal?.throwIfAborted();
      const available = await this.#window.need(Math.min(this.#chunkBytes, end - this.#window.position));
      if (available === 0) break;
      const bytes = this.#window.bytes.subarray(0, end - this.#window.position);
      if (reason !== null) hasContent ||= bytes.some((byte) => byte !== 0);
      this.visitor.bytes(bytes, this.#window.position, false);
      this.#window.skip(bytes.length);
    }
    const bytes = this.#window.position - from;
    if (reason !== null && hasContent) this.visitor.trouble({ reason, position: from, bytes });
  }
}

/** null where the records stand unpacked in the batch. */
async function unpacked(batch: BatchView): Promise<Uint8Array | null> {
  const { compression, payload } = batch;
  if (compression === Compression.none) return null;
  return payload.length > unpackHereBytes
    ? decompressAside(compression, payload)
    : decompress(compression, payload);
}
