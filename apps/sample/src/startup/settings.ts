import { dirname, join, resolve } from 'node:path';
import type { MasterKeyPlace, SigningKeyPlace } from '@oubliette/keyring';
import { SampleError } from '../errors.js';
import { certificateKeyOf } from './certificate-key-setting.js';
import { filesOf, masterKeysOf, refuseKeysAmongData } from './master-keys-setting.js';

/** What the sample starts with; README.md has the environment variables. */
export interface Settings {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** null: the bundled broker, in this process. */
  readonly brokers: readonly string[] | null;
  /** null: the embedded database. */
  readonly databaseUrl: string | null;
  /** null: events travel as JSON. */
  readonly schemaRegistry: SchemaRegistry | null;
  /** Its files are absolute, and outside of the data directory. */
  readonly masterKeys: MasterKeyPlace;
  /** The key that signs certificates. Its files are absolute, and outside of the data directory. */
  readonly certificateKey: SigningKeyPlace;
  /** Most user keys held in memory; null: the keyring's default. */
  readonly keysInMemory: number | null;
  /** null: made once and kept in the data directory. */
  readonly adminToken: string | null;
  /** Whether a small class is made when there is no data. */
  readonly demoClass: boolean;
}

export interface SchemaRegistry {
  /** Without a name or password, and without a slash at its end. */
  readonly url: string;
  readonly auth?: { readonly username: string; readonly password: string };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws `SETTING_INVALID` or `MASTER_KEYS_IN_DATA_DIR`. Relative paths start at `directory`. */
export function readSettings(environment: Environment, directory: string): Settings {
  const value = (name: string) => (environment[name]?.trim() ? environment[name].trim() : null);
  const dataDir = resolve(directory, value('DATA_DIR') ?? 'data');
  const masterKeys = masterKeysOf(
    value('OUBLIETTE_MASTER_KEYS') ?? join('master-keys', 'keys.json'),
    directory,
  );
  const certificateKey = certificateKeyOf(
    value('OUBLIETTE_CERTIFICATE_KEY') ?? join(directoryOf(masterKeys), 'certificate.pem'),
    directory,
  );
  for (const file of [...filesOf(masterKeys), ...filesOf(certificateKey)]) refuseKeysAmongData(dataDir, file);
  return {
    host: value('HOST') ?? '127.0.0.1',
    port: portOf(value('PORT') ?? '3000'),
    dataDir,
    brokers: brokersOf(value('OUBLIETTE_BROKERS')),
    databaseUrl: databaseUrlOf(value('DATABASE_URL')),
    schemaRegistry: schemaRegistryOf(value('SCHEMA_REGISTRY_URL')),
    masterKeys,
    certificateKey,
    keysInMemory: keysInMemoryOf(value('OUBLIETTE_KEYS_IN_MEMORY')),
    adminToken: tokenOf(value('OUBLIETTE_ADMIN_TOKEN')),
    demoClass: demoClassOf(value('SAMPLE_CLASS') ?? 'small'),
  };
}

/** Where master keys are in files, the key that signs certificates is beside them. */
function directoryOf(masterKeys: MasterKeyPlace): string {
  return masterKeys.kind === 'file' ? dirname(masterKeys.path) : 'master-keys';
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw invalid('PORT', 'a number from 0 to 65535');
}

function brokersOf(text: string | null): readonly string[] | null {
  if (text === null) return null;
  const brokers = text.split(',').map((broker) => broker.trim());
  if (brokers.every((broker) => /^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(broker))) return brokers;
  throw invalid('OUBLIETTE_BROKERS', 'host:port, several separated by commas');
}

function databaseUrlOf(text: string | null): string | null {
  if (text === null || /^postgres(ql)?:\/\//.test(text)) return text;
  throw invalid('DATABASE_URL', 'postgres://user:password@host/database');
}

function schemaRegistryOf(text: string | null): SchemaRegistry | null {
  if (text === null) return null;
  const url = URL.canParse(text) && !/%(?![0-9a-f]{2})/i.test(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw invalid('SCHEMA_REGISTRY_URL', 'http://host:port or https://user:password@host/path');
  const { username, password } = url;
  const place = { url: `${url.origin}${url.pathname}`.replace(/\/+$/, '') };
  if (username === '') return place;
  return {
    ...place,
    auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) },
  };
}

function keysInMemoryOf(text: string | null): number | null {
  if (text === null || /^[1-9]\d{0,8}$/.test(text)) return text === null ? null : Number(text);
  throw invalid('OUBLIETTE_KEYS_IN_MEMORY', 'a whole number from 1 to 999999999');
}

function tokenOf(text: string | null): string | null {
  if (text === null || /^[\x21-\x7e]{16,512}$/.test(text)) return text;
  throw invalid('OUBLIETTE_ADMIN_TOKEN', 'at least 16 printable characters without spaces');
}

function demoClassOf(text: string): boolean {
  if (text === 'small') return true;
  if (text === 'none') return false;
  throw invalid('SAMPLE_CLASS', 'small or none');
}

/** The value is not repeated: it may be a password. */
function invalid(name: string, expected: string): SampleError {
  return new SampleError('SETTING_INVALID', `${name} is not valid: give ${expected}.`);
}
