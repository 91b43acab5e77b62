import { Buffer } from 'node:buffer';
import { crc32c } from '@oubliette/protocol';
import type { ProducedBatch, ProducerState } from './producer-states.js';

/** Kafka's ProducerSnapshot message, version 1: version, CRC-32C of all that follows it, the count, then the entries. */
const formatVersion = 1;
const at = { version: 0, crc: 2, count: 6, entries: 10 } as const;
const entryBytes = 46;
const entryAt = {
  producerId: 0,
  epoch: 8,
  lastSequence: 10,
  lastOffset: 14,
  offsetDelta: 22,
  timestamp: 26,
  coordinatorEpoch: 34,
  transactionStart: 38,
} as const;
const none = -1n;
const sequences = 0x80000000;

/** Says why a snapshot cannot be believed. */
export class CorruptProducerSnapshot extends Error {
  override readonly name = 'CorruptProducerSnapshot';
}

/** Of each producer's batches only the last one is kept, as Kafka does: after a restart no earlier one is known as a retry. */
export function encodeSnapshot(states: ReadonlyMap<bigint, ProducerState>): Uint8Array {
  const bytes = Buffer.alloc(at.entries + states.size * entryBytes);
  bytes.writeInt16BE(formatVersion, at.version);
  bytes.writeInt32BE(states.size, at.count);
  let start: number = at.entries;
  for (const [producerId, state] of states) {
    const last = state.batches.at(-1);
    bytes.writeBigInt64BE(producerId, start + entryAt.producerId);
    bytes.writeInt16BE(state.epoch, start + entryAt.epoch);
    bytes.writeInt32BE(last?.lastSequence ?? -1, start + entryAt.lastSequence);
    bytes.writeBigInt64BE(last?.lastOffset ?? none, start + entryAt.lastOffset);
    bytes.writeInt32BE(
      last === undefined ? 0 : Number(last.lastOffset - last.baseOffset),
      start + entryAt.offsetDelta,
    );
    bytes.writeBigInt64BE(state.lastTimestamp, start + entryAt.timestamp);
    bytes.writeInt32BE(state.coordinatorEpoch, start + entryAt.coordinatorEpoch);
    bytes.writeBigInt64BE(state.transactionStart ?? none, start + entryAt.transactionStart);
    start += entryBytes;
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(at.count)), at.crc);
  return bytes;
}

/** Throws CorruptProducerSnapshot. */
export function decodeSnapshot(content: Uint8Array): Map<bigint, ProducerState> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  if (bytes.length < at.entries) throw new CorruptProducerSnapshot(`it has ${bytes.length} bytes`);
  const version = bytes.readInt16BE(at.version);
  if (version !== formatVersion) throw new CorruptProducerSnapshot(`its version is ${version}`);
  const count = bytes.readInt32BE(at.count);
  if (bytes.length !== at.entries + count * entryBytes) {
    throw new CorruptProducerSnapshot(`${count} entries do not fill ${bytes.length} bytes`);
  }
  if (crc32c(bytes.subarray(at.count)) !== bytes.readUInt32BE(at.crc)) {
    throw new CorruptProducerSnapshot('it fails its CRC-32C');
  }
  const states = new Map<bigint, ProducerState>();
  for (let start: number = at.entries; start < bytes.length; start += entryBytes) {
    states.set(bytes.readBigInt64BE(start + entryAt.producerId), decodeEntry(bytes, start));
  }
  return states;
}

function decodeEntry(bytes: Buffer, start: number): ProducerState {
  const lastTimestamp = bytes.readBigInt64BE(start + entryAt.timestamp);
  const lastOffset = bytes.readBigInt64BE(start + entryAt.lastOffset);
  const transactionStart = bytes.readBigInt64BE(start + entryAt.transactionStart);
  const batches: ProducedBatch[] = [];
  if (lastOffset >= 0n) {
    const lastSequence = bytes.readInt32BE(start + entryAt.lastSequence);
    const delta = bytes.readInt32BE(start + entryAt.offsetDelta);
    batches.push({
      firstSequence: firstSequence(lastSequence, delta),
      lastSequence,
      baseOffset: lastOffset - BigInt(delta),
      lastOffset,
      timestamp: lastTimestamp,
    });
  }
  return {
    epoch: bytes.readInt16BE(start + entryAt.epoch),
    coordinatorEpoch: bytes.readInt32BE(start + entryAt.coordinatorEpoch),
    batches,
    lastTimestamp,
    transactionStart: transactionStart < 0n ? null : transactionStart,
  };
}

/** Sequences wrap from 2^31-1 to 0; a batch without one has -1. */
function firstSequence(last: number, delta: number): number {
  return last < 0 ? last : (last - delta + sequences) % sequences;
}
