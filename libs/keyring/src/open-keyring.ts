import type { Clock, Entropy } from '@oubliette/runtime';
import { Alarms } from './alarms.js';
import { EntropyPool } from './crypto/entropy-pool.js';
import { loadSodium, type Sodium } from './crypto/sodium.js';
import { DeploymentFollower } from './deployment-follower.js';
import { settleDeployment, unwrapDeployment } from './deployment.js';
import { KeyringError } from './errors.js';
import { defaultLeaseMs, KeyLease } from './key-lease.js';
import type { KeyLog } from './key-log.js';
import { KeyLogWriter } from './key-log-writer.js';
import { KeyOpener } from './key-opener.js';
import { longestLifetimeMs, type KeyPolicy } from './key-policy.js';
import type { Keyring } from './keyring.js';
import { LogKeyring } from './log-keyring.js';
import { LogTime } from './log-time.js';
import { MasterKeyLease } from './master-keys/master-key-lease.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import { PepperTable } from './peppers/pepper-table.js';
import { deriveSubkeys, wipeSubkeys } from './subkeys.js';
import { UserTable } from './user-table.js';

export interface KeyringOptions {
  /** A log that was not followed yet. The keyring owns it from here: it closes it, also when opening fails. */
  readonly log: KeyLog;
  /** Stays the caller's, who closes it after the keyring: it is asked again when the deployment is revised. */
  readonly masterKeys: MasterKeys;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** How long keys are used without a word from the key topic, ms. Default 30 s. */
  readonly leaseMs?: number;
  /** How long keys are used while the master key cannot be asked, ms. Default 24 h. */
  readonly masterKeyOutageMs?: number;
  /** How often the master key is asked whether it still opens the deployment, ms. Default 5 min. */
  readonly confirmMasterKeyEveryMs?: number;
  /** By the purpose's name; what belongs to no purpose under the empty name. Default: keys serve for ever. */
  readonly policies?: Readonly<Record<string, KeyPolicy>>;
  /**
   * Most user keys whose bytes are held in memory (37 bytes each); those that were not used for long make room, and are read
   * again from the log where they are wanted. Default 2,000,000.
   */
  readonly keysInMemory?: number;
}

/**
 * Replays the key log to its high watermark and resolves to a keyring that follows it. On an empty log it founds the
 * deployment. Rejects with `MASTER_KEY_MISMATCH`, `DEPLOYMENT_MISSING`, `DEPLOYMENT_RECORD_INVALID`,
 * `PARTITION_COUNT_CHANGED`, `KEY_POLICY_INVALID`, `KEY_LIMIT`, or with what the log or the master keys reject with.
 */
export function openKeyring(options: KeyringOptions): Promise<Keyring> {
  return openKeyringOver(loadSodium, options);
}

/** With the ciphers that `load` gives. */
export async function openKeyringOver(
  load: () => Promise<Sodium>,
  options: KeyringOptions,
): Promise<Keyring> {
  const { log, masterKeys, clock, entropy, leaseMs = defaultLeaseMs, policies = {} } = options;
  const made: Made = { closes: [() => log.close()], wipes: [] };
  try {
    assertPolicies(policies);
    assertTimes(options);
    assertKeysInMemory(options.keysInMemory);
    const sodium = await load();
    const pool = new EntropyPool(entropy);
    made.wipes.push(() => pool.wipe());
    const { secrets, standing } = await settleDeployment({ log, masterKeys, entropy: pool });
    const { root, wrappingKeys } = secrets;
    const subkeys = deriveSubkeys(sodium, root);
    root.fill(0);
    const alarms = new Alarms();
    const opener = new KeyOpener(sodium, wrappingKeys);
    made.wipes.push(
      () => wipeSubkeys(subkeys),
      () => opener.wipe(),
    );
    const time = new LogTime(clock);
    const { partitionCount } = log;
    const table = new UserTable({
      sodium,
      subkeys,
      opener,
      partitionCount,
      deployment: standing,
      time,
      alarms,
      ...(options.keysInMemory === undefined ? {} : { keysInMemory: options.keysInMemory }),
    });
    const peppers = new PepperTable(sodium, opener, alarms);
    const deployment = new DeploymentFollower({ log, masterKeys, opener, table, alarms, clock });
    made.closes.push(() => deployment.close());
    made.wipes.push(
      () => table.wipe(),
      () => peppers.wipe(),
    );
    await log.follow({
      records: (records) => {
        for (const record of records) if (!peppers.apply(record)) table.apply(record);
      },
      restarted: (partition) => {
        peppers.restarted(partition);
        table.restarted(partition);
      },
      replayed: (partition) => {
        peppers.replayed(partition);
        table.replayed(partition);
      },
    });
    await deployment.settled();
    const writer = new KeyLogWriter(log);
    const masterKeyLease = leaseOn(options, table, opener, deployment);
    made.closes.unshift(() => masterKeyLease.close());
    const lease = new KeyLease(clock, log, leaseMs, masterKeyLease);
    return new LogKeyring({
      sodium,
      subkeys,
      opener,
      entropy: pool,
      clock,
      time,
      log,
      masterKeys,
      writer,
      table,
      peppers,
      lease,
      masterKeyLease,
      deployment,
      alarms,
      policies,
    });
  } catch (error) {
    await abandon(made);
    throw error instanceof KeyringError ? error : unavailable(error);
  }
}

/** What must end with an opening that fails, in order: closed first, then wiped. */
interface Made {
  readonly closes: (() => Promise<void>)[];
  readonly wipes: (() => void)[];
}

async function abandon({ closes, wipes }: Made): Promise<void> {
  try {
    for (const close of closes) await close();
  } finally {
    for (const wipe of wipes) wipe();
  }
}

/** The wrapping keys are wiped when the lease is lost, and come back with it. */
function leaseOn(
  options: KeyringOptions,
  table: UserTable,
  opener: KeyOpener,
  deployment: DeploymentFollower,
): MasterKeyLease {
  const { masterKeys, clock, masterKeyOutageMs, confirmMasterKeyEveryMs } = options;
  return new MasterKeyLease({
    clock,
    unwrap: (call) => unwrapDeployment(masterKeys, table.deployment.standing, call),
    ...(masterKeyOutageMs === undefined ? {} : { outageMs: masterKeyOutageMs }),
    ...(confirmMasterKeyEveryMs === undefined ? {} : { confirmEveryMs: confirmMasterKeyEveryMs }),
    onLost: () => opener.wipe(),
    onRegained: () => deployment.readAgain(),
  });
}

function assertPolicies(policies: Readonly<Record<string, KeyPolicy>>): void {
  for (const [name, policy] of Object.entries(policies)) {
    for (const [setting, value] of Object.entries(policy) as [keyof KeyPolicy, number][]) {
      const most = setting === 'lifetimeMs' ? longestLifetimeMs : Number.MAX_SAFE_INTEGER;
      const keys = name === '' ? 'no purpose' : `the purpose ${name}`;
      assertSetting(`${setting} of the keys for ${keys}`, value, most);
    }
  }
}

/** A time that is no number would never be over. */
function assertTimes({ leaseMs, masterKeyOutageMs, confirmMasterKeyEveryMs }: KeyringOptions): void {
  for (const [name, value] of Object.entries({ leaseMs, masterKeyOutageMs, confirmMasterKeyEveryMs })) {
    if (value !== undefined) assertSetting(name, value, Number.MAX_SAFE_INTEGER);
  }
}

function assertSetting(what: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value > 0 && value <= most) return;
  throw new KeyringError(
    'KEY_POLICY_INVALID',
    `${what} is ${value}: give a whole number above 0, at most ${most}.`,
  );
}

function assertKeysInMemory(most = 1): void {
  if (Number.isSafeInteger(most) && most > 0) return;
  throw new KeyringError('KEY_LIMIT', `keysInMemory is ${most}: give a whole number above 0.`);
}

function unavailable(cause: unknown): KeyringError {
  return new KeyringError(
    'KEYRING_UNAVAILABLE',
    'The key topic could not be loaded: try again when the brokers answer. The cause says more.',
    { cause },
  );
}
