import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stand-in for a Confluent-compatible schema registry, in this process. */
export interface FakeRegistry {
  readonly url: string;
  /** Texts of the schemas as they were registered; the one with id 1 first. */
  readonly schemas: readonly string[];
  /** Ids of the latest versions, by subject. */
  readonly subjects: ReadonlyMap<string, number>;
  /** While it is broken it answers 500 to everything; while it is mute it takes requests and never answers. */
  be(state: 'well' | 'broken' | 'mute'): void;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

/**
 * The few calls of the registry's HTTP interface that its client makes. A schema whose text says "Incompatible" is refused,
 * as a real registry refuses one that does not follow its subject's rule.
 */
export async function startFakeRegistry(): Promise<FakeRegistry> {
  const schemas: string[] = [];
  const subjects = new Map<string, number>();
  let state: 'well' | 'broken' | 'mute' = 'well';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (state === 'mute') return;
      const reply =
        state === 'broken'
          ? { status: 500, body: { error_code: 50_001, message: 'broken' } }
          : answer(schemas, subjects, `${request.method} ${request.url}`, body);
      response
        .writeHead(reply.status, { 'content-type': 'application/json' })
        .end(JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    schemas,
    subjects,
    be: (next) => (state = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(schemas: string[], subjects: Map<string, number>, call: string, body: string): Reply {
  if (/^GET \/config\//.test(call)) return { status: 200, body: { compatibilityLevel: 'BACKWARD' } };
  const id = /^GET \/schemas\/ids\/(\d+)$/.exec(call)?.[1];
  if (id !== undefined) {
    const schema = schemas[Number(id) - 1];
    return schema === undefined ? missing : { status: 200, body: { schema } };
  }
  const registered = /^POST \/subjects\/([^/]+)\/versions$/.exec(call)?.[1];
  if (registered !== undefined) return register(schemas, subjects, registered, body);
  const latest = subjects.get(/^GET \/subjects\/([^/]+)\/versions\/latest$/.exec(call)?.[1] ?? '');
  return latest === undefined ? missing : { status: 200, body: { id: latest, version: 1 } };
}

const missing: Reply = { status: 404, body: { error_code: 40_403, message: 'none' } };

function register(schemas: string[], subjects: Map<string, number>, subject: string, body: string): Reply {
  const { schema } = JSON.parse(body) as { schema: string };
  if (schema.includes('Incompatible')) return { status: 409, body: { error_code: 409, message: 'no' } };
  if (!schemas.includes(schema)) schemas.push(schema);
  const id = schemas.indexOf(schema) + 1;
  subjects.set(subject, id);
  return { status: 200, body: { id } };
}
