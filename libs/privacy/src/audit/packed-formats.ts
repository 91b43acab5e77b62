/** What the first bytes say about content that a search through the bytes would miss. */
export type Packing = 'gzip' | 'zlib' | { readonly unseen: string } | null;

/** Bytes that `packingOf` wants to see. */
export const HEAD_BYTES = 8;

const formats: readonly (readonly [name: string, hex: string])[] = [
  ['a zip archive', '504b0304'],
  ['Zstandard', '28b52ffd'],
  ['an LZ4 frame', '04224d18'],
  ['framed Snappy', 'ff060000734e6150'],
  ['Snappy as Java frames it', '82534e4150505900'],
  ['bzip2', '425a68'],
  ['xz', 'fd377a585a00'],
  ['7z', '377abcaf271c'],
  ['PDF', '25504446'],
  ['Parquet', '50415231'],
  ['ORC', '4f5243'],
  ['an Avro container', '4f626a01'],
];

const magics = formats.map(([name, hex]) => ({ unseen: name, magic: Buffer.from(hex, 'hex') }));

/** gzip (RFC 1952, 2.3.1) and zlib (RFC 1950, 2.2) are unpacked; the others are named as not looked into. */
export function packingOf(head: Uint8Array): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (head[0] === 0x78 && [0x01, 0x5e, 0x9c, 0xda].includes(head[1] ?? 0)) return 'zlib';
  const found = magics.find(({ magic }) => magic.every((byte, index) => head[index] === byte));
  return found === undefined ? null : { unseen: `${found.unseen}: packed, not looked into` };
}
