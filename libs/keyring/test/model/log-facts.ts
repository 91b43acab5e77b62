import { parseRecordKey, type KeyScope, type StoredKeyLogRecord } from '../../src/index.js';

/** What stands in a log, told from its bytes alone (SPEC.md, sections 4 to 8), not by the code under test. */
export interface LogFacts {
  readonly fences: readonly (KeyScope & { readonly offset: bigint })[];
  /** Key records in the log's order; a tombstone has no scope. */
  readonly keyRecords: readonly KeyRecordFacts[];
}

export interface KeyRecordFacts {
  readonly kid: string;
  readonly offset: bigint;
  readonly scope: KeyScope | null;
  readonly epoch: number;
}

const KEY_RECORD_BYTES = 106;
const general = '00000000';

export function factsOf(records: readonly StoredKeyLogRecord[]): LogFacts {
  const fences: (KeyScope & { offset: bigint })[] = [];
  const keyRecords: KeyRecordFacts[] = [];
  for (const { key, value, offset } of records) {
    const name = parseRecordKey(key);
    if (name?.kind === 'fence' && value !== null) {
      const { lifecycle, purpose, generation } = name;
      fences.push({ lifecycle, purpose, generation, offset });
    }
    if (name?.kind !== 'user-key') continue;
    const isKey = value?.length === KEY_RECORD_BYTES;
    const epoch = isKey ? new DataView(value.buffer, value.byteOffset).getUint32(2) : 0;
    keyRecords.push({ kid: name.kid, offset, scope: isKey ? scopeAt(value, 6) : null, epoch });
  }
  return { fences, keyRecords };
}

/** A scope as it stands in a key record (at 6) or an envelope (at 2). */
export function scopeAt(bytes: Uint8Array, at: number): KeyScope {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const purpose = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('hex');
  return {
    lifecycle: view.getUint32(at),
    purpose: purpose as KeyScope['purpose'],
    generation: view.getUint32(at + 8),
  };
}

export function isEnded({ fences }: LogFacts, scope: KeyScope): boolean {
  return fences.some((fence) => ends(fence, scope));
}

function ends(fence: KeyScope, { lifecycle, purpose, generation }: KeyScope): boolean {
  if (fence.purpose === general) return lifecycle <= fence.lifecycle;
  return fence.lifecycle === lifecycle && fence.purpose === purpose && generation <= fence.generation;
}

/** Key records that no tombstone follows, of those before `end`. */
export function standing({ keyRecords }: LogFacts, end?: bigint): KeyRecordFacts[] {
  const last = new Map<string, KeyRecordFacts>();
  for (const record of keyRecords) {
    // A tombstone counts wherever it stands.
    if (record.scope === null || end === undefined || record.offset < end) last.set(record.kid, record);
  }
  return [...last.values()].filter(({ scope }) => scope !== null);
}

/** A key that a fence had ended was written once more behind it: an alarm is due. */
export function hasReturned({ fences, keyRecords }: LogFacts): boolean {
  return keyRecords.some(
    ({ kid, offset, scope }) =>
      scope !== null &&
      fences.some(
        (fence) =>
          fence.offset < offset &&
          ends(fence, scope) &&
          keyRecords.some((other) => other.kid === kid && other.offset < fence.offset),
      ),
  );
}
