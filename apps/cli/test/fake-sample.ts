import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Answered {
  readonly status: number;
  readonly body?: unknown;
  /** In place of a body: as it stands. */
  readonly text?: string;
  /** Drops the connection instead of answering. */
  readonly drop?: boolean;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
}

/** A server on a free port that answers as a test says. */
export class FakeSample {
  readonly asked: Asked[] = [];

  private constructor(
    private readonly server: Server,
    readonly address: string,
  ) {}

  static async start(answer: (asked: Asked, count: number) => Answered, port = 0): Promise<FakeSample> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const { port: taken } = server.address() as AddressInfo;
    const sample = new FakeSample(server, `http://127.0.0.1:${taken}`);
    server.on('request', (request, response) => {
      void readBody(request).then((body) => {
        const asked = {
          method: request.method ?? '',
          path: request.url ?? '',
          authorization: request.headers.authorization,
          contentType: request.headers['content-type'],
          accept: request.headers.accept,
          body,
        };
        sample.asked.push(asked);
        const {
          status,
          body: answered,
          text = JSON.stringify(answered),
          drop,
        } = answer(asked, sample.asked.length);
        if (drop) request.socket.destroy();
        else response.writeHead(status, { 'content-type': 'application/json' }).end(text);
      });
    });
    return sample;
  }

  /** The files that a sample writes. */
  get files(): Record<string, string> {
    return {
      '/data/oubliette.json': JSON.stringify({ brokers: '127.0.0.1:9', httpAddress: this.address, pid: 1 }),
      '/data/admin-token': 'secret-token\n',
    };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const chunk of request) body += String(chunk);
  return body;
}
