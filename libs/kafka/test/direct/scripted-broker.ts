import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  apis,
  decodeRequest,
  encodeResponse,
  type AnyApi,
  type ApiName,
  type EncodableResponseOf,
} from '@oubliette/protocol';

/** What the broker does with a request: an answer's body, silence, a cut connection, or bytes as they are. */
export type Reaction = Readonly<Record<string, unknown>> | 'silence' | 'hang up' | Uint8Array;

export interface SeenRequest {
  readonly name: ApiName;
  readonly version: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Script = (request: SeenRequest, broker: ScriptedBroker) => Reaction;

/** A server on a free port that answers each request as its script says; versions are those of the field tables. */
export class ScriptedBroker {
  readonly seen: SeenRequest[] = [];
  /** The highest version of anything that it says it serves. */
  maxVersion = Infinity;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #script: Script;

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.#script = script;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(script: Script): Promise<ScriptedBroker> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedBroker(server, script);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  count(name: ApiName): number {
    return this.seen.filter((request) => request.name === name).length;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let held = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
        const end = 4 + held.readInt32BE(0);
        this.#answer(socket, held.subarray(4, end));
        held = held.subarray(end);
      }
    });
  }

  #answer(socket: Socket, frame: Uint8Array): void {
    const { api, version, correlationId, body } = decodeRequest(frame);
    const request = { name: nameOf(api), version, body };
    if (api !== apis.apiVersions) this.seen.push(request);
    const reaction = api === apis.apiVersions ? allVersions(this.maxVersion) : this.#script(request, this);
    if (reaction === 'silence') return;
    if (reaction === 'hang up') socket.destroy();
    else if (reaction instanceof Uint8Array) socket.write(reaction);
    else {
      const written = encodeResponse(api as typeof apis.metadata, version, correlationId, reaction as never);
      // In two pieces: a client must not count on whole frames.
      socket.write(written.subarray(0, 7));
      socket.write(written.subarray(7));
    }
  }
}

function nameOf(api: AnyApi): ApiName {
  const found = Object.entries(apis).find(([, candidate]) => candidate === api);
  if (found === undefined) throw new Error('an API stands in the table');
  return found[0] as ApiName;
}

function allVersions(atMost: number): EncodableResponseOf<'apiVersions'> {
  return {
    errorCode: 0,
    apiKeys: Object.values(apis).map(({ key, request }) => ({
      apiKey: key,
      minVersion: request.minVersion,
      maxVersion: Math.min(request.maxVersion, atMost),
    })),
  };
}

/** Metadata of a cluster of one node that leads topic `t` with these partitions. */
export function oneNode(port: number, partitions: readonly number[] = [0]): EncodableResponseOf<'metadata'> {
  return {
    brokers: [{ nodeId: 1, host: '127.0.0.1', port }],
    controllerId: 1,
    topics: [
      {
        errorCode: 0,
        name: 't',
        partitions: partitions.map((partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId: 1,
          replicaNodes: [1],
          isrNodes: [1],
        })),
      },
    ],
  };
}
