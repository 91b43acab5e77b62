import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Another answer than the service's own. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** The two calls of a Transit engine that a signing key needs, over one key of type ed25519. */
export class FakeTransit {
  readonly #server: Server;
  readonly #versions: KeyObject[] = [];
  /** Every request: its path and token. */
  readonly asked: string[] = [];
  /** What it says of its key, beside its versions. */
  key: Record<string, unknown> = { type: 'ed25519' };
  minEncryption = 0;
  /** The next answers, before those of the service. */
  readonly said: Answer[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => this.#answer(request, response, Buffer.concat(parts).toString('utf8')));
    });
  }

  static async start(): Promise<FakeTransit> {
    const fake = new FakeTransit();
    fake.rotate();
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  rotate(): void {
    this.#versions.push(generateKeyPairSync('ed25519').privateKey);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    this.asked.push(`${request.method} ${request.url} ${request.headers['x-vault-token']}`);
    const said = this.said.shift();
    if (said !== undefined) return said(response, request);
    if (request.url?.endsWith('/keys/k')) return json(200, { data: this.#told() })(response, request);
    const { input, key_version: version } = JSON.parse(body) as { input: string; key_version: number };
    const key = this.#versions[version - 1];
    if (key === undefined || version < this.minEncryption)
      return json(500, {
        errors: ['requested version for signing is less than the minimum encryption key version'],
      })(response, request);
    const signature = sign(null, Buffer.from(input, 'base64'), key).toString('base64');
    json(200, { data: { signature: `vault:v${version}:${signature}` } })(response, request);
  }

  #told(): Record<string, unknown> {
    const keys = Object.fromEntries(
      this.#versions.map((key, index) => {
        const { x = '' } = key.export({ format: 'jwk' });
        return [index + 1, { public_key: Buffer.from(x, 'base64url').toString('base64') }];
      }),
    );
    return { latest_version: this.#versions.length, keys, ...this.key };
  }
}

export function json(status: number, content: unknown): Answer {
  return (response) => response.writeHead(status).end(JSON.stringify(content));
}
