import { encodeBatch, type CompressionName, type EncodableRecord } from '@oubliette/protocol';
import type { UserRef } from '@oubliette/keyring';
import { SimulatedDisk } from '@oubliette/runtime/testing';

/** The pseudonym of a made-up user. */
export function refOf(user: number): UserRef {
  return (0xabc0_0000_0000 + user).toString(16).padStart(32, '9') as UserRef;
}

/** One of its kids. */
export function kidOf(user: number, key = 0): string {
  return (0xfeed_0000_0000 + user * 16 + key).toString(16).padStart(16, '7');
}

/** The value of a key record by SPEC.md, section 5, with other bytes in place of nonce and wrapped key. */
export function keyValue(user: number, lifecycle = 1): Buffer {
  const value = Buffer.alloc(106);
  value.set([1, 1]);
  value.writeUInt32BE(1, 2);
  value.writeUInt32BE(lifecycle, 6);
  value.writeUInt32BE(1, 14);
  value.writeUInt32BE(1, 18);
  wrappedKeyOf(user).copy(value, 34);
  return value;
}

export function wrappedKeyOf(user: number): Buffer {
  return Buffer.from(Array.from({ length: 72 }, (_, index) => (user * 31 + index * 7 + 3) & 0xff));
}

export type Pair = readonly [key: string, value: Uint8Array | null];

export const keyRecord = (user: number, lifecycle = 1, key = 0): Pair => [
  `${refOf(user)}#${kidOf(user, key)}`,
  keyValue(user, lifecycle),
];
export const tombstone = (user: number, key = 0): Pair => [`${refOf(user)}#${kidOf(user, key)}`, null];

export function batch(
  baseOffset: number,
  pairs: readonly Pair[],
  compression: CompressionName = 'none',
): Buffer {
  const records = pairs.map(([key, value]): EncodableRecord => ({
    timestamp: 1_700_000_000_000n,
    key: Buffer.from(key),
    value,
  }));
  return Buffer.from(encodeBatch({ baseOffset: BigInt(baseOffset), records, compression }));
}

export const KEY_TOPIC = 'keys';
export const stem = (offset: number): string => offset.toString().padStart(20, '0');

/** A broker's log directory at /logs on a simulated disk. */
export class LogDirFixture {
  constructor(readonly disk = new SimulatedDisk()) {
    this.write('meta.properties', Buffer.from('version=1\nnode.id=1\n'));
  }

  write(path: string, ...content: readonly Uint8Array[]): void {
    const whole = `/logs/${path}`;
    this.disk.makeDirectorySync(whole.slice(0, whole.lastIndexOf('/')));
    this.disk.replaceFileSync(whole, Buffer.concat(content));
  }

  rename(from: string, to: string): void {
    this.disk.renameSync(`/logs/${from}`, `/logs/${to}`);
  }
}
