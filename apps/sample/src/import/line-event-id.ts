import { createHash } from 'node:crypto';

const linesABlock = 256;

/**
 * The event id of a line: RFC 9562 UUID version 8, always the same for the same line. Lines of one file (`NAME:NUMBER`) that
 * stand close together get ids that sort close together: 32 bits of the name's digest, 28 bits of the block of 256 lines,
 * 62 bits of the line's digest. Random ids would touch a page of every index a row, which is most of an import's time.
 */
export function lineEventId(line: string): string {
  const [, name = '', number = '0'] = /^(.*?):?(\d{1,10})$/s.exec(line) ?? [null, line];
  const block = Math.floor(Number(number) / linesABlock);
  const bytes = Buffer.alloc(16);
  digest(`name ${name}`).copy(bytes, 0, 0, 4);
  bytes.writeUInt16BE(Math.floor(block / 0x1000) & 0xffff, 4);
  bytes.writeUInt16BE(0x8000 | (block & 0x0fff), 6);
  digest(`line ${line}`).copy(bytes, 8, 0, 8);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
