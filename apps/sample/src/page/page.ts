import { createHash } from 'node:crypto';
import type { Disk } from '@oubliette/runtime';

const file = new URL('../../../src/page/page.html', import.meta.url).pathname;

/** The page and the policy under which a browser runs it: nothing but what stands in it, and requests to where it came from. */
export class Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;

  constructor(disk: Disk) {
    this.html = Buffer.from(disk.readFileSync(file)).toString('utf8');
    this.contentSecurityPolicy = [
      "default-src 'none'",
      `script-src ${hashesOf(this.html, 'script')}`,
      `style-src ${hashesOf(this.html, 'style')}`,
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; ');
  }
}

/** Content Security Policy Level 3, 2.3.1: the digest of an inline element's text. */
function hashesOf(html: string, element: 'script' | 'style'): string {
  const texts = [...html.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'))];
  return texts.map(([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`).join(' ');
}
