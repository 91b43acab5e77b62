import type { Clock, Entropy } from '@oubliette/runtime';
import { Alarms } from './alarms.js';
import { settleDeployment } from './deployment.js';
import { EntropyPool } from './crypto/entropy-pool.js';
import { KeyringError } from './errors.js';
import { Intake } from './intake.js';
import type { KeyLog } from './key-log.js';
import { KeyLogWriter } from './key-log-writer.js';
import type { Keyring } from './keyring.js';
import { LogKeyring } from './log-keyring.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import { loadSodium } from './crypto/sodium.js';
import { deriveSubkeys } from './subkeys.js';
import { UserTable } from './user-table.js';

export interface KeyringOptions {
  /** A log that was not followed yet. The keyring owns it from here: it closes it, also when opening fails. */
  readonly log: KeyLog;
  /** Stays the caller's; used only while opening. */
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/**
 * Replays the key log to its high watermark and resolves to a keyring that follows it. On an empty log it founds the
 * deployment. Rejects with `MASTER_KEY_MISMATCH`, `DEPLOYMENT_MISSING`, `DEPLOYMENT_RECORD_INVALID`,
 * `PARTITION_COUNT_CHANGED`, or with what the log or the master keys reject with.
 */
export async function openKeyring({ log, masterKeys, clock, entropy }: KeyringOptions): Promise<Keyring> {
  try {
    const sodium = await loadSodium();
    const pool = new EntropyPool(entropy);
    const intake = new Intake();
    await log.follow(intake);
    const { secrets, standing } = await settleDeployment({ log, intake, masterKeys, entropy: pool });
    const { root, wrappingKeys } = secrets;
    const subkeys = deriveSubkeys(sodium, root);
    root.fill(0);
    const wrapping = wrappingKeys.reduce((newest, key) => (key.epoch > newest.epoch ? key : newest));
    const alarms = new Alarms();
    const table = new UserTable(
      { sodium, subkeys, wrappingKeys, partitionCount: log.partitionCount, deployment: standing },
      alarms,
    );
    intake.attach({
      records: (records) => {
        for (const record of records) table.apply(record);
      },
      restarted: () => undefined,
      replayed: () => undefined,
    });
    table.endReplay();
    const writer = new KeyLogWriter(log);
    return new LogKeyring({
      sodium,
      subkeys,
      wrappingKeys,
      wrapping,
      entropy: pool,
      clock,
      writer,
      table,
      alarms,
    });
  } catch (error) {
    await log.close();
    throw error instanceof KeyringError ? error : unavailable(error);
  }
}

function unavailable(cause: unknown): KeyringError {
  return new KeyringError(
    'KEYRING_UNAVAILABLE',
    'The key topic could not be loaded: try again when the brokers answer. The cause says more.',
    { cause },
  );
}
