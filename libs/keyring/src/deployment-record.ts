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
}

const VERSION = 1;
const MASTER_KEY_AT = 5;
const WRAPPED_AT = 21;
const WRAPPING_KEYS_AT = KEY_BYTES + 5;
const WRAPPING_KEY_BYTES = 4 + KEY_BYTES;

/** SPEC.md, section 7. */
export function encodeDeploymentRecord(record: DeploymentRecord): Uint8Array {
  return new ByteWriter()
    .u8(VERSION)
    .u32(record.revision)
    .bytes(fromHex(record.masterKey))
    .bytes(record.wrapped)
    .finish();
}

/** null when it is not a deployment record of this version. */
export function decodeDeploymentRecord(value: Uint8Array): DeploymentRecord | null {
  if (value.length <= WRAPPED_AT || value[0] !== VERSION) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return {
    revision: view.getUint32(1),
    masterKey: toHex(value.subarray(MASTER_KEY_AT, WRAPPED_AT)),
    wrapped: value.slice(WRAPPED_AT),
  };
}

/** What the wrapped secrets are bound to, so that neither another record's nor an older revision's fit. */
export function deploymentContext(id: string, revision: number, masterKey: string): Uint8Array {
  return new ByteWriter()
    .text('oubliette/v1/deployment')
    .u8(VERSION)
    .bytes(fromHex(id))
    .u32(revision)
    .bytes(fromHex(masterKey))
    .finish();
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
