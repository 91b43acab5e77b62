import { ByteWriter } from './byte-writer.js';
import { fromHex, toHex } from './hex.js';
import type { WrappingKey } from './key-record.js';
import { KEY_BYTES } from './crypto/sodium.js';

/** What a deployment shares and never shows: wrapped by the master key in the key log. */
export interface DeploymentSecrets {
  /** 32 random bytes that all subkeys are derived from; never changes. */
  readonly root: Uint8Array;
  /** Fixed for ever, because a user's partition is computed with it. */
  readonly partitionCount: number;
  /** The first wraps; more than one stands only while an epoch turns. */
  readonly wrappingKeys: readonly WrappingKey[];
}

/** What can be read of a deployment record without the master key. */
export interface DeploymentRecord {
  readonly revision: number;
  /** Fingerprint of the master key that wraps it. */
  readonly masterKey: string;
  readonly wrapped: Uint8Array;
  /** null but while an epoch turns. */
  readonly turn: DeploymentTurn | null;
}

/**
 * While an epoch turns, the record carries the one that stood before, which is wrapped by the master key of before: what wraps the old user
 * keys is never wrapped by anything newer, so that it ends with its own master key, whatever copies there are.
 */
export interface DeploymentTurn {
  /** The keys of this record wrap; else those of the record before do. */
  readonly isInForce: boolean;
  /** The whole record value. */
  readonly before: Uint8Array;
}

const VERSION = 1;
const TURNING = 2;
const MASTER_KEY_AT = 5;
const WRAPPED_AT = 21;
const WRAPPED_IN_TURN_AT = 24;
const ANNOUNCED = 1;
const IN_FORCE = 2;
const WRAPPING_KEYS_AT = KEY_BYTES + 5;
const WRAPPING_KEY_BYTES = 4 + KEY_BYTES;

/** SPEC.md, section 7. */
export function encodeDeploymentRecord({ revision, masterKey, wrapped, turn }: DeploymentRecord): Uint8Array {
  const writer = new ByteWriter()
    .u8(turn === null ? VERSION : TURNING)
    .u32(revision)
    .bytes(fromHex(masterKey));
  if (turn === null) return writer.bytes(wrapped).finish();
  return writer.u8(stateOf(turn)).u16(wrapped.length).bytes(wrapped).bytes(turn.before).finish();
}

/** null when it is not a deployment record of this version. */
export function decodeDeploymentRecord(value: Uint8Array): DeploymentRecord | null {
  if (value.length <= WRAPPED_AT || (value[0] !== VERSION && value[0] !== TURNING)) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const facts = { revision: view.getUint32(1), masterKey: toHex(value.subarray(MASTER_KEY_AT, WRAPPED_AT)) };
  if (value[0] === VERSION) return { ...facts, wrapped: value.slice(WRAPPED_AT), turn: null };
  const state = value[WRAPPED_AT];
  if (value.length <= WRAPPED_IN_TURN_AT || (state !== ANNOUNCED && state !== IN_FORCE)) return null;
  const beforeAt = WRAPPED_IN_TURN_AT + view.getUint16(WRAPPED_AT + 1);
  if (value.length <= beforeAt) return null;
  const turn = { isInForce: state === IN_FORCE, before: value.slice(beforeAt) };
  return { ...facts, wrapped: value.slice(WRAPPED_IN_TURN_AT, beforeAt), turn };
}

/** What the wrapped secrets are bound to, so that neither another record's nor an older revision's fit. */
export function deploymentContext(
  id: string,
  { revision, masterKey, turn }: Omit<DeploymentRecord, 'wrapped'>,
): Uint8Array {
  const writer = new ByteWriter()
    .text('oubliette/v1/deployment')
    .u8(turn === null ? VERSION : TURNING)
    .bytes(fromHex(id))
    .u32(revision)
    .bytes(fromHex(masterKey));
  return turn === null ? writer.finish() : writer.u8(stateOf(turn)).bytes(turn.before).finish();
}

function stateOf({ isInForce }: DeploymentTurn): number {
  return isInForce ? IN_FORCE : ANNOUNCED;
}

export function encodeSecrets(secrets: DeploymentSecrets): Uint8Array {
  const writer = new ByteWriter()
    .bytes(secrets.root)
    .u32(secrets.partitionCount)
    .u8(secrets.wrappingKeys.length);
  for (const { epoch, key } of secrets.wrappingKeys) writer.u32(epoch).bytes(key);
  return writer.finish();
}

/** null when the length does not fit. The secrets are copies: the caller wipes both. */
export function decodeSecrets(bytes: Uint8Array): DeploymentSecrets | null {
  const count = bytes[WRAPPING_KEYS_AT - 1] ?? 0;
  if (count === 0 || bytes.length !== WRAPPING_KEYS_AT + count * WRAPPING_KEY_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wrappingKeys = Array.from({ length: count }, (_, index) => {
    const at = WRAPPING_KEYS_AT + index * WRAPPING_KEY_BYTES;
    return { epoch: view.getUint32(at), key: bytes.slice(at + 4, at + WRAPPING_KEY_BYTES) };
  });
  return { root: bytes.slice(0, KEY_BYTES), partitionCount: view.getUint32(KEY_BYTES), wrappingKeys };
}

export function wipeSecrets({ root, wrappingKeys }: DeploymentSecrets): void {
  root.fill(0);
  for (const { key } of wrappingKeys) key.fill(0);
}
