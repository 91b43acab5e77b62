import confluent from '@kafkajs/confluent-schema-registry';
import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import type { Schema, Type } from 'avsc';
import { BoundedMap } from '../bounded-map.js';
import { SerdeError } from '../errors.js';
import type { EventSpec } from '../event-codec.js';
import { encryptedTypeOptions } from './encrypted-type.js';
import type { FramedSchema, SchemaSource } from './schema-source.js';

type RegistryMiddleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]['middlewares']>[number];

const MAGIC = 0;
const PREFIX_BYTES = 5;
const KEPT_BOUND = 1_000;
const TIMEOUT_MS = 3_000;

export interface RegistryOptions {
  /** Base URL of a Confluent-compatible schema registry. */
  readonly url: string;
  readonly auth?: { readonly username: string; readonly password: string };
  /** Schemas that are registered when their type is first written; without it the subject's latest version is written with. */
  readonly documents?: SchemaSource;
  /** Subject of an event type; default `<stream>-<type>`, so that several types may share a topic. */
  readonly subject?: (spec: EventSpec) => string;
  /** How long an answer may take, in ms; default 3,000. A question that changes nothing is asked up to four times. */
  readonly timeoutMs?: number;
}

/** Schemas of a registry, framed Confluent's way: a zero byte and the registry id (u32, big endian). */
export function createRegistrySchemas(options: RegistryOptions): SchemaSource {
  return new RegistrySchemas(options);
}

class RegistrySchemas implements SchemaSource {
  readonly #registry: SchemaRegistry;
  readonly #current = new BoundedMap<string, FramedSchema | Promise<FramedSchema>>(KEPT_BOUND);
  readonly #byId = new BoundedMap<string, FramedSchema>(KEPT_BOUND);

  constructor(private readonly options: RegistryOptions) {
    const { url, auth, timeoutMs } = options;
    this.#registry = new confluent.SchemaRegistry(
      {
        host: url,
        ...(auth === undefined ? {} : { auth: { ...auth } }),
        middlewares: [withTimeout(timeoutMs ?? TIMEOUT_MS)],
      },
      // The client re-exports a schema from its parsed form: only with our logical type does it keep "of".
      { [confluent.SchemaType.AVRO]: encryptedTypeOptions() },
    );
  }

  current(spec: EventSpec): FramedSchema | Promise<FramedSchema> {
    const subject = this.options.subject?.(spec) ?? `${spec.stream}-${spec.type}`;
    const known = this.#current.get(subject);
    if (known !== undefined) return known;
    const loading = this.#loadOnce(spec, subject);
    this.#current.set(subject, loading);
    return loading;
  }

  frameOf(value: Uint8Array): string | null {
    if (value.length < PREFIX_BYTES || value[0] !== MAGIC) return null;
    return String(Buffer.from(value.buffer, value.byteOffset, PREFIX_BYTES).readUInt32BE(1));
  }

  async find(frame: string): Promise<FramedSchema | null> {
    const known = this.#byId.get(frame);
    if (known !== undefined) return known;
    try {
      return await this.#fetch(Number(frame));
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw unavailable(`schema ${frame}`, error);
    }
  }

  /** What came of it stands in the place of the promise then; a failure is forgotten. */
  async #loadOnce(spec: EventSpec, subject: string): Promise<FramedSchema> {
    try {
      const framed = await this.#load(spec, subject);
      if (this.#current.has(subject)) this.#current.set(subject, framed);
      return framed;
    } catch (error) {
      this.#current.delete(subject);
      throw error;
    }
  }

  async #load(spec: EventSpec, subject: string): Promise<FramedSchema> {
    const document = await this.options.documents?.current(spec);
    try {
      if (document === undefined) return await this.#fetch(await this.#registry.getLatestSchemaId(subject));
      const schema = JSON.stringify(document.schema);
      const { id } = await this.#registry.register({ type: confluent.SchemaType.AVRO, schema }, { subject });
      return this.#keep(id, document.schema);
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 && document === undefined) {
        throw new SerdeError(
          'SCHEMA_UNKNOWN',
          `The schema registry has no subject ${subject}: register a schema.`,
        );
      }
      if (status === 409 || status === 422) {
        throw new SerdeError(
          'SCHEMA_INVALID',
          `The schema registry refuses the schema of ${subject} (HTTP ${status}): make it compatible with its earlier versions.`,
        );
      }
      if (error instanceof Error && error.name === 'ConfluentSchemaRegistryCompatibilityError') {
        throw new SerdeError(
          'SCHEMA_INVALID',
          `The schema registry holds subject ${subject} to another rule than BACKWARD: set its compatibility to BACKWARD.`,
        );
      }
      throw unavailable(`subject ${subject}`, error);
    }
  }

  async #fetch(id: number): Promise<FramedSchema> {
    const type = (await this.#registry.getSchema(id)) as unknown as Type;
    return this.#keep(id, type.schema({ exportAttrs: true }));
  }

  #keep(id: number, schema: Schema): FramedSchema {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(id, 1);
    const framed = { frame: String(id), prefix, schema };
    this.#byId.set(framed.frame, framed);
    return framed;
  }
}

/** The client waits for ever for a registry that takes a request and does not answer it. */
const withTimeout =
  (timeout: number): RegistryMiddleware =>
  () => ({ prepareRequest: async (next) => (await next()).enhance({ timeout }) });

function statusOf(error: unknown): number | null {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : null;
}

function unavailable(what: string, error: unknown): SerdeError {
  return new SerdeError(
    'SCHEMA_REGISTRY_UNAVAILABLE',
    `The schema registry did not answer for ${what} (${reasonOf(error)}): check its URL and that it runs.`,
  );
}

/** A system's code, or HTTP's, or the name; never a foreign message, which may quote a URL with a password. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  // The client gives what never was an answer a status too.
  const code = /\bE[A-Z_]{4,}\b|\bTimeout\b/.exec(error.message)?.[0];
  if (code !== undefined) return code;
  const status = statusOf(error);
  return status === null ? error.name : `HTTP ${status}`;
}
