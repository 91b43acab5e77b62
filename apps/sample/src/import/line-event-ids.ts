import { hash } from 'node:crypto';

const linesABlock = 256;

/**
 * Event ids of lines: RFC 9562 UUID version 8, always the same for the same line. Lines of one file (`NAME:NUMBER`) that
 * stand close together get ids that sort close together: 32 bits of the name's digest, 28 bits of the block of 256 lines,
 * 62 bits of the line's digest. Random ids would touch a page of every index a row, which is most of an import's time.
 */
export class LineEventIds {
  /** Lines of one file come in a row: its name is digested once. */
  #name: string | null = null;
  #nameDigest = '';

  of(line: string): string {
    const [, name = '', number = '0'] = /^(.*?):?(\d{1,10})$/s.exec(line) ?? [null, line];
    const block = Math.floor(Number(number) / linesABlock);
    const high = hexOf(Math.floor(block / 0x1000) & 0xffff, 4);
    const low = hexOf(0x8000 | (block & 0x0fff), 4);
    const digest = hash('sha256', `line ${line}`, 'hex');
    const variant = hexOf((parseInt(digest.slice(0, 2), 16) & 0x3f) | 0x80, 2);
    return `${this.#digestOf(name)}-${high}-${low}-${variant}${digest.slice(2, 4)}-${digest.slice(4, 16)}`;
  }

  #digestOf(name: string): string {
    if (name !== this.#name) {
      this.#name = name;
      this.#nameDigest = hash('sha256', `name ${name}`, 'hex').slice(0, 8);
    }
    return this.#nameDigest;
  }
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
