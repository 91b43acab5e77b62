import { join } from 'node:path';
import type { Disk } from '@oubliette/runtime';
import { CliError } from '../errors.js';

/** What a running sample writes into its data directory (oubliette.json): no secret. */
export interface RunningSample {
  readonly brokers: readonly string[];
  /** The place of its master keys, as `parseMasterKeyPlace` reads it. */
  readonly masterKeys: string | null;
  readonly httpAddress: string;
  readonly keyTopic: string | null;
}

/** null: no sample has started in this directory. Throws SAMPLE_NOT_RUNNING for a file that cannot be read. */
export function readRunningSample(disk: Disk, dataDir: string): RunningSample | null {
  const path = join(dataDir, 'oubliette.json');
  if (!disk.existsSync(path)) return null;
  const parsed = parse(path, disk.readFileSync(path));
  const httpAddress = text(parsed['httpAddress']);
  if (httpAddress === null) throw unreadable(path);
  const brokers = parsed['brokers'];
  return {
    brokers: Array.isArray(brokers) ? brokers.map(String) : (text(brokers)?.split(',') ?? []),
    masterKeys: text(parsed['masterKeys']) ?? text(parsed['masterKeysFile']),
    httpAddress: httpAddress.replace(/\/$/, ''),
    keyTopic: text(parsed['keyTopic']),
  };
}

/** Why there is no running sample to be read there. */
export function whyNoSample(disk: Disk, dataDir: string): string {
  const isFile = disk.existsSync(dataDir) && disk.statSync(dataDir).kind === 'file';
  return isFile ? `${dataDir} is a file, not a directory.` : `No sample has been started in ${dataDir}.`;
}

/** The admin token of the sample: OUBLIETTE_ADMIN_TOKEN, else the file that it made. */
export function readAdminToken(
  disk: Disk,
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const given = env['OUBLIETTE_ADMIN_TOKEN'];
  if (given) return given;
  const path = join(dataDir, 'admin-token');
  if (!disk.existsSync(path))
    throw new CliError(
      'SAMPLE_NOT_RUNNING',
      `There is no admin token in ${dataDir}. Start the sample (npm start), or give its --data-dir or OUBLIETTE_ADMIN_TOKEN.`,
    );
  return Buffer.from(disk.readFileSync(path)).toString('utf8').trim();
}

function parse(path: string, bytes: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (parsed !== null && typeof parsed === 'object') return { ...parsed };
  } catch (error) {
    throw unreadable(path, error);
  }
  throw unreadable(path);
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function unreadable(path: string, cause?: unknown): CliError {
  return new CliError(
    'SAMPLE_NOT_RUNNING',
    `${path} does not name the sample's HTTP address. Start the sample again: it writes the file anew.`,
    { cause },
  );
}
