import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SampleError } from '../errors.js';

const bodyLimit = '64kb';
/** As the body parser marks what is no JSON. */
const parseFailure = { status: 400, type: 'entity.parse.failed' };

/** JSON bodies for all routes but the import, which reads its own; headers for all answers. */
export function prepareHttp(app: NestExpressApplication): void {
  app.disable('x-powered-by');
  app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    // Answers hold personal data, or change when somebody is forgotten.
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  app.useBodyParser('json', { limit: bodyLimit, type: isJsonBody, verify: refuseOtherThanUtf8 });
}

/** RFC 8259, 8.1. The parser would put U+FFFD for what is no UTF-8, and a name would come back as another. */
function refuseOtherThanUtf8(_request: IncomingMessage, _response: ServerResponse, body: Buffer): void {
  if (!isUtf8(body)) throw Object.assign(new Error('The body is not UTF-8.'), parseFailure);
}

function isJsonBody(request: IncomingMessage): boolean {
  const path = (request.url ?? '').split('?', 1)[0];
  return path !== '/import' && /^application\/(.+\+)?json\b/i.test(request.headers['content-type'] ?? '');
}

/** Resolves to the address. Rejects with `PORT_TAKEN` or `ADDRESS_NOT_AVAILABLE`. */
export async function listen(app: NestExpressApplication, host: string, port: number): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (cause) {
    throw listenError(cause, host, port);
  }
  const address = app.getHttpServer().address() as AddressInfo;
  const name = host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${address.port}`;
}

function listenError(cause: unknown, host: string, port: number): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  if (code === 'EADDRINUSE')
    return new SampleError(
      'PORT_TAKEN',
      `Port ${port} on ${host} is taken: stop who has it, or set PORT to another one.`,
      { cause },
    );
  if (code === 'EADDRNOTAVAIL' || code === 'EACCES' || code === 'ENOTFOUND')
    return new SampleError(
      'ADDRESS_NOT_AVAILABLE',
      `Cannot listen on ${host} port ${port} (${String(code)}): set HOST and PORT to an address of this machine.`,
      { cause },
    );
  return cause;
}
