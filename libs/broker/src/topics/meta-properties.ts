import { Buffer } from 'node:buffer';
import { join } from 'node:path/posix';
import type { Disk, Entropy } from '@oubliette/runtime';
import { parseProperties } from '../config/properties.js';
import { BrokerError } from '../errors.js';
import { parseLogDirectory } from '../log/file-names.js';
import { randomUuid } from './uuid.js';

const metaFile = 'meta.properties';
const formatVersion = '1';

/**
 * Logs without the file that says what they are belong to somebody else, or have lost it: they are not shown as an empty cluster. To be
 * asked before cluster.json is first written. Throws BrokerError DATA_DIR_CORRUPT.
 */
export function assertOwnDirectory(disk: Disk, directory: string, stateFile: string): void {
  if (disk.existsSync(join(directory, stateFile))) return;
  const log = disk
    .listSync(directory)
    .find(({ name, kind }) => kind === 'directory' && parseLogDirectory(name) !== null);
  if (log === undefined) return;
  throw new BrokerError(
    'DATA_DIR_CORRUPT',
    `${join(directory, stateFile)} is missing, yet ${directory} holds logs (${log.name}): restore that file from a copy, ` +
      'or choose another directory; a data directory of Apache Kafka cannot be taken over.',
  );
}

/**
 * Keeps Kafka's meta.properties (MetaProperties, version 1), which its storage tools read, and holds it against the cluster's state: a
 * file that was put there from elsewhere is a refusal. Throws BrokerError DATA_DIR_CORRUPT, DiskError.
 */
export function keepMetaProperties(
  parts: { readonly disk: Disk; readonly directory: string; readonly entropy: Entropy },
  ids: { readonly clusterId: string; readonly nodeId: number },
): void {
  const { disk, directory, entropy } = parts;
  const path = join(directory, metaFile);
  const wanted = { version: formatVersion, 'cluster.id': ids.clusterId, 'node.id': String(ids.nodeId) };
  if (!disk.existsSync(path)) {
    const entries = Object.entries({ ...wanted, 'directory.id': randomUuid(entropy) });
    disk.replaceFileSync(path, Buffer.from(entries.map(([name, value]) => `${name}=${value}\n`).join('')));
    return;
  }
  const found = parseProperties(Buffer.from(disk.readFileSync(path)).toString('utf8'));
  for (const [name, value] of Object.entries(wanted)) {
    if (found[name] === value) continue;
    throw new BrokerError(
      'DATA_DIR_CORRUPT',
      `${path} says ${name}=${found[name] ?? '(nothing)'} where ${value} is expected: it is damaged, or of another broker. ` +
        `Restore it from a copy, choose another directory, or set node.id as it was.`,
    );
  }
}
