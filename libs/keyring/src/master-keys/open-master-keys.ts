import type { Clock, Disk, Entropy } from '@oubliette/runtime';
import { readEnvironmentMasterKeys, type Environment } from './environment-master-keys.js';
import { openKmsMasterKeys } from './kms/kms-master-keys.js';
import { loadMasterKeyFile } from './master-key-file.js';
import { parseMasterKeyPlace, type MasterKeyPlace } from './master-key-place.js';
import type { MasterKeyCall, MasterKeys } from './master-keys.js';
import { CachedMasterKeys, type UnwrapCacheOptions } from './resilience/cached-master-keys.js';
import { openResilient } from './resilience/resilient-master-keys.js';
import type { ResilienceOptions } from './resilience/tries.js';
import { openTransitMasterKeys } from './transit/transit-master-keys.js';

export interface MasterKeyPorts {
  readonly disk: Disk;
  readonly entropy: Entropy;
  readonly clock: Clock;
  /** `process.env`. A variable with master keys is removed from it. */
  readonly environment: Environment;
}

/** How a service is asked; a key file and the environment need none of it. */
export type MasterKeyServiceOptions = Omit<ResilienceOptions, 'clock' | 'entropy'> &
  Omit<UnwrapCacheOptions, 'clock'>;

/**
 * Opens the master keys that `place` names (see `parseMasterKeyPlace`), a service behind time limits, tries, a circuit breaker
 * and a cache of unwraps. Rejects as the drivers do, with `MASTER_KEY_UNAVAILABLE` after all tries.
 */
export async function openMasterKeys(
  place: string | MasterKeyPlace,
  ports: MasterKeyPorts,
  options: MasterKeyServiceOptions = {},
): Promise<MasterKeys> {
  const { disk, entropy, environment } = ports;
  const found = typeof place === 'string' ? parseMasterKeyPlace(place) : place;
  switch (found.kind) {
    case 'file':
      return loadMasterKeyFile(found.path, disk, entropy);
    case 'environment':
      return readEnvironmentMasterKeys(found.variable, environment, entropy);
    case 'transit':
      return openMasterKeyService(
        (call) => openTransitMasterKeys(found.settings, { disk, environment }, call),
        ports,
        options,
      );
    case 'kms':
      return openMasterKeyService((call) => openKmsMasterKeys(found.settings, call), ports, options);
  }
}

/**
 * Opens the keys of any service behind time limits, tries, a circuit breaker and a cache of unwraps. `open` is tried like any
 * call; what it gave belongs to the result.
 */
export async function openMasterKeyService(
  open: (call: MasterKeyCall) => Promise<MasterKeys>,
  { clock, entropy }: Pick<MasterKeyPorts, 'clock' | 'entropy'>,
  options: MasterKeyServiceOptions = {},
): Promise<MasterKeys> {
  const resilient = await openResilient(open, { ...options, clock, entropy });
  return new CachedMasterKeys(resilient, { ...options, clock });
}
