import { KafkaError } from '@oubliette/protocol';
import type { RecordError } from './record-validation-error.js';

/** What the records of a topic must satisfy. Times in ms. */
export interface RecordRules {
  /** As Kafka writes it: topic-partition. */
  readonly topicPartition: string;
  readonly isCompacted: boolean;
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  readonly nowMs: number;
  readonly beforeMaxMs: number;
  readonly afterMaxMs: number;
}

/** What the batch's header says of its records. */
export interface RecordFrame {
  readonly count: number;
  readonly baseTimestamp: number;
  /** The batch claims to be stamped by a log: all its records have this timestamp. */
  readonly stamp: number | null;
}

export interface RecordScan {
  /** -1 without one; null beyond the whole numbers that a double holds, where the header's own word stands. */
  readonly maxTimestamp: number | null;
  /** The first ones. */
  readonly errors: readonly RecordError[];
  /** Of all. */
  readonly errorCount: number;
  readonly hasTimestampError: boolean;
  /** The records' offset deltas are 0, 1, 2, … */
  readonly isCounted: boolean;
}

const noTimestamp = -1;
const noErrors: readonly RecordError[] = Object.freeze([]);
/** Kafka names every one; 90 KiB that unpack to nine million records would be answered with 700 MB. */
const maxErrorsNamed = 10_000;

/**
 * Walks over the records of one unpacked batch without decoding them, by the rules of DefaultRecord.readFrom and
 * LogValidator.validateRecord: they fill the payload exactly, each fills its own length, a compacted topic takes none without a
 * key, timestamps keep to the topic's bounds. Throws KafkaError INVALID_RECORD for a wrong structure.
 */
export function scanRecords(payload: Uint8Array, frame: RecordFrame, rules: RecordRules): RecordScan {
  const walk = new RecordWalk(payload);
  let errors: RecordError[] | null = null;
  let errorCount = 0;
  let hasTimestampError = false;
  let isCounted = true;
  let max = noTimestamp;
  for (let index = 0; index < frame.count; index++) {
    walk.next();
    if (walk.offsetDelta !== index) isCounted = false;
    const timestamp = frame.stamp ?? frame.baseTimestamp + walk.timestampDelta;
    const lacksKey = rules.isCompacted && !walk.hasKey;
    if (lacksKey || !isTimestampAllowed(timestamp, frame, rules)) {
      errorCount += 1;
      hasTimestampError ||= !lacksKey;
      if (errorCount <= maxErrorsNamed) {
        const batchIndexErrorMessage = lacksKey ? keyMissing(rules) : outOfRange(timestamp, walk, rules);
        (errors ??= []).push({ batchIndex: index, batchIndexErrorMessage });
      }
    }
    if (timestamp > max) max = timestamp;
  }
  walk.end();
  return {
    maxTimestamp: Number.isSafeInteger(max) ? max : null,
    errors: errors ?? noErrors,
    errorCount,
    hasTimestampError,
    isCounted,
  };
}

/** LogValidator.validateTimestamp. */
function isTimestampAllowed(timestamp: number, frame: RecordFrame, rules: RecordRules): boolean {
  if (rules.timestampType === 'LogAppendTime' || timestamp === noTimestamp) return frame.stamp === null;
  const age = rules.nowMs - timestamp;
  return age <= rules.beforeMaxMs && -age <= rules.afterMaxMs;
}

function keyMissing({ topicPartition }: RecordRules): string {
  return `Compacted topic cannot accept message without key in topic partition ${topicPartition}`;
}

/** In Kafka's words; of the record's content only its size. */
function outOfRange(
  timestamp: number,
  { offsetDelta, keyBytes, valueBytes }: RecordWalk,
  rules: RecordRules,
): string {
  const { nowMs, beforeMaxMs, afterMaxMs } = rules;
  if (rules.timestampType === 'LogAppendTime' || timestamp === noTimestamp) {
    const record = `DefaultRecord(offset=${offsetDelta}, timestamp=${timestamp}, key=${keyBytes} bytes, value=${valueBytes} bytes)`;
    return `Invalid timestamp type in message ${record}. Producer should not set timestamp type to LogAppendTime.`;
  }
  return `Timestamp ${timestamp} of message with offset ${offsetDelta} is out of range. The timestamp should be within [${nowMs - beforeMaxMs}, ${nowMs + afterMaxMs}]`;
}

/** One record after the other; its fields are those of the last one. */
class RecordWalk {
  timestampDelta = 0;
  offsetDelta = 0;
  hasKey = false;
  keyBytes = 0;
  valueBytes = 0;
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  next(): void {
    const length = this.#varint();
    const start = this.#at;
    const end = start + length;
    if (length < 0 || end > this.bytes.length) fail(`a record says it has ${length} bytes`);
    this.#at++; // attributes, unused
    this.timestampDelta = this.#varlong();
    this.offsetDelta = this.#varint();
    const keyLength = this.#varint();
    this.hasKey = keyLength >= 0;
    this.keyBytes = Math.max(0, keyLength);
    this.#at += this.keyBytes;
    this.valueBytes = Math.max(0, this.#varint());
    this.#at += this.valueBytes;
    this.#headers(end);
    if (this.#at !== end) fail(`a record says it has ${length} bytes, its fields take ${this.#at - start}`);
  }

  /** Throws when anything stands behind the last record. */
  end(): void {
    if (this.#at !== this.bytes.length) fail(`${this.bytes.length - this.#at} bytes follow the last record`);
  }

  #headers(end: number): void {
    const count = this.#varint();
    if (count === 0) return;
    if (count < 0 || count > this.bytes.length - this.#at) fail(`a record says it has ${count} headers`);
    for (let index = 0; index < count && this.#at <= end; index++) {
      const keyLength = this.#varint();
      if (keyLength < 0) fail(`a header's key has ${keyLength} bytes`);
      this.#at += keyLength;
      const valueLength = this.#varint();
      if (valueLength > 0) this.#at += valueLength;
    }
  }

  #varint(): number {
    const { bytes } = this;
    // Past the end an array gives undefined, which counts as 0 here and is told by the position below.
    let byte = bytes[this.#at++] ?? 0;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) return fail('a varint is too long');
      byte = bytes[this.#at++] ?? 0;
      value |= (byte & 0x7f) << shift;
    }
    if (this.#at > bytes.length) return fail('the records end in the middle of one');
    return (value >>> 1) ^ -(value & 1);
  }

  #varlong(): number {
    const { bytes } = this;
    let value = 0;
    let scale = 1;
    for (let length = 1; ; length++) {
      const byte = bytes[this.#at++];
      if (byte === undefined) return fail('the records end in the middle of one');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      if (length === 10) return fail('a varlong is too long');
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

function fail(what: string): never {
  throw new KafkaError('INVALID_RECORD', what);
}
