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
  /** Written anew they would be the same bytes; said only of records without headers. */
  readonly isAsWritten: boolean;
}

const noTimestamp = -1;
const noErrors: readonly RecordError[] = Object.freeze([]);
/** Kafka names every one; 90 KiB that unpack to nine million records would be answered with 700 MB. */
const maxErrorsNamed = 10_000;

/**
 * Walks over the records of one unpacked batch without decoding them, by the rules of DefaultRecord.readFrom and
 * LogValidator.validateRecord: they fill the payload exactly, each fills its own length, a compacted topic takes none without a
 * key, timestamps keep to the topic's bounds. In as many pieces as wanted. Throws KafkaError INVALID_RECORD for a wrong structure.
 */
export class RecordScanner {
  readonly #walk: RecordWalk;
  #errors: RecordError[] | null = null;
  #errorCount = 0;
  #hasTimestampError = false;
  #isCounted = true;
  #max = noTimestamp;
  #index = 0;
  #firstDelta = 0;

  constructor(
    payload: Uint8Array,
    private readonly frame: RecordFrame,
    private readonly rules: RecordRules,
  ) {
    this.#walk = new RecordWalk(payload);
  }

  /** Walks over so many more records; false when there are none left. */
  advance(records: number): boolean {
    const { frame, rules } = this;
    const walk = this.#walk;
    const end = Math.min(frame.count, this.#index + records);
    let isCounted = this.#isCounted;
    let max = this.#max;
    for (let index = this.#index; index < end; index++) {
      walk.next();
      if (walk.offsetDelta !== index) isCounted = false;
      if (index === 0) this.#firstDelta = walk.timestampDelta;
      const timestamp = frame.stamp ?? frame.baseTimestamp + walk.timestampDelta;
      const lacksKey = rules.isCompacted && !walk.hasKey;
      if (lacksKey || !isTimestampAllowed(timestamp, frame, rules)) this.#refuse(index, lacksKey, timestamp);
      if (timestamp > max) max = timestamp;
    }
    this.#isCounted = isCounted;
    this.#max = max;
    this.#index = end;
    return end < frame.count;
  }

  #refuse(index: number, lacksKey: boolean, timestamp: number): void {
    this.#errorCount += 1;
    this.#hasTimestampError ||= !lacksKey;
    if (this.#errorCount > maxErrorsNamed) return;
    const batchIndexErrorMessage = lacksKey
      ? keyMissing(this.rules)
      : outOfRange(timestamp, this.#walk, this.rules);
    (this.#errors ??= []).push({ batchIndex: index, batchIndexErrorMessage });
  }

  /** Throws when anything stands behind the last record. */
  end(): RecordScan {
    this.#walk.end();
    const isPlain = this.#isCounted && this.#walk.isPlain && this.#firstDelta === 0;
    return {
      maxTimestamp: Number.isSafeInteger(this.#max) ? this.#max : null,
      errors: this.#errors ?? noErrors,
      errorCount: this.#errorCount,
      hasTimestampError: this.#hasTimestampError,
      isCounted: this.#isCounted,
      isAsWritten: isPlain && this.frame.stamp === null,
    };
  }
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
  /** All so far have no attributes or headers, and their numbers the shortest form. */
  isPlain = true;
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  next(): void {
    const length = this.#varint();
    const start = this.#at;
    const end = start + length;
    if (length < 0 || end > this.bytes.length) fail(`a record says it has ${length} bytes`);
    // The attributes are unused.
    if (this.bytes[this.#at++] !== 0) this.isPlain = false;
    this.timestampDelta = this.#varlong();
    this.offsetDelta = this.#varint();
    const keyLength = this.#varint();
    this.hasKey = keyLength >= 0;
    this.keyBytes = Math.max(0, keyLength);
    this.#at += this.keyBytes;
    const valueLength = this.#varint();
    this.valueBytes = Math.max(0, valueLength);
    if (keyLength < -1 || valueLength < -1) this.isPlain = false;
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
    this.isPlain = false;
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
      if (byte === 0 || (shift === 28 && byte > 0x0f)) this.isPlain = false;
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
      if (byte < 0x80) {
        if (length > 1 && (byte === 0 || length === 10)) this.isPlain = false;
        break;
      }
      if (length === 10) return fail('a varlong is too long');
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

function fail(what: string): never {
  throw new KafkaError('INVALID_RECORD', what);
}
