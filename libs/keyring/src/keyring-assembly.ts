import type { Clock } from '@oubliette/runtime';
import type { Alarms } from './alarms.js';
import { ConfirmedTime } from './confirmed-time.js';
import type { EntropyPool } from './crypto/entropy-pool.js';
import { EnvelopeEngine } from './crypto/envelope-engine.js';
import type { Sodium } from './crypto/sodium.js';
import { UserHasher } from './crypto/user-hasher.js';
import { CurrentWrapping } from './current-wrapping.js';
import type { DeploymentFollower } from './deployment-follower.js';
import { Forgetter } from './forgetter.js';
import type { KeyLease } from './key-lease.js';
import { KeyLifetimes } from './key-lifetimes.js';
import { KeyLoader } from './key-loader.js';
import type { KeyLog } from './key-log.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { KeyOpener } from './key-opener.js';
import type { KeyPolicy } from './key-policy.js';
import { KeySupply } from './key-supply.js';
import type { LogTime } from './log-time.js';
import type { MasterKeyLease } from './master-keys/master-key-lease.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import { Minter } from './minter.js';
import { LogPeppers } from './peppers/log-peppers.js';
import type { PepperTable } from './peppers/pepper-table.js';
import { Purposes } from './purposes.js';
import { Restrictor } from './restrictor.js';
import { wipeSubkeys, type Subkeys } from './subkeys.js';
import { SuppliedPurposes } from './supplied-purposes.js';
import { Undertaker } from './undertaker.js';
import type { UserTable } from './user-table.js';

/** What an opened key log gives a keyring. */
export interface KeyringParts {
  readonly sodium: Sodium;
  readonly subkeys: Subkeys;
  readonly opener: KeyOpener;
  readonly entropy: EntropyPool;
  readonly clock: Clock;
  readonly time: LogTime;
  readonly writer: KeyLogWriter;
  readonly table: UserTable;
  readonly peppers: PepperTable;
  readonly log: KeyLog;
  readonly masterKeys: MasterKeys;
  readonly lease: KeyLease;
  readonly masterKeyLease: MasterKeyLease;
  readonly deployment: DeploymentFollower;
  readonly alarms: Alarms;
  /** By the purpose's name; the general one's under the empty name. */
  readonly policies: Readonly<Record<string, KeyPolicy>>;
}

/** What a keyring is made of, put together; `close` ends all of it. */
export class KeyringAssembly {
  readonly engine: EnvelopeEngine;
  readonly hasher: UserHasher;
  readonly purposes: Purposes;
  readonly supplied: SuppliedPurposes;
  readonly supply: KeySupply;
  readonly loader: KeyLoader;
  readonly lifetimes: KeyLifetimes;
  readonly forgetter: Forgetter;
  readonly restrictor: Restrictor;
  readonly undertaker: Undertaker;
  readonly peppers: LogPeppers;

  constructor(readonly parts: KeyringParts) {
    const { sodium, subkeys, opener, entropy, clock, time, writer, table, alarms } = parts;
    this.engine = new EnvelopeEngine(sodium, subkeys.envelopeHeader, entropy);
    this.hasher = new UserHasher(sodium, subkeys.userRef);
    this.purposes = new Purposes(sodium, subkeys.purpose);
    this.supplied = new SuppliedPurposes(this.purposes, parts.policies);
    this.peppers = new LogPeppers(parts);
    const undertaker = new Undertaker(sodium, subkeys.fence, writer);
    const minter = new Minter({ sodium, writer, opener, entropy });
    const loader = new KeyLoader(table, writer);
    const confirmedTime = new ConfirmedTime(time, clock, writer);
    const wrapping = new CurrentWrapping(parts);
    const assertCurrent = (): Promise<void> => wrapping.assertMayWrap();
    const supply = { table, writer, minter, undertaker, time, confirmedTime, alarms, assertCurrent };
    this.supply = new KeySupply(supply);
    this.lifetimes = new KeyLifetimes(table, time, confirmedTime, undertaker);
    const ends = { sodium, subkeys, clock, writer, table, assertReadable: () => wrapping.assertReadable() };
    this.forgetter = new Forgetter({ ...ends, undertaker, loader });
    this.restrictor = new Restrictor(ends);
    this.undertaker = undertaker;
    this.loader = loader;
  }

  /** Stops following and closes the log, then wipes every key. */
  async close(): Promise<void> {
    const { table, peppers, alarms, subkeys, opener, entropy, writer, deployment, masterKeyLease } =
      this.parts;
    try {
      await masterKeyLease.close();
      await writer.close();
      await deployment.close();
    } finally {
      table.wipe();
      peppers.wipe();
      alarms.clear();
      wipeSubkeys(subkeys);
      opener.wipe();
      entropy.wipe();
      this.engine.close();
      this.hasher.close();
    }
  }
}
