import type { Keyring } from '@oubliette/keyring';
import type { Clock, Entropy } from '@oubliette/runtime';
import type { CertificateRegister } from '../certificate/certificate-register.js';
import type { DeadlinePolicy, NamedPolicy } from '../deadlines/deadline-policy.js';
import type { CalendarOptions } from '../deadlines/legal-calendar.js';
import type { PrivacyLog } from '../log/privacy-log.js';
import type { Logger } from '../logger.js';
import type { LedgerMirror } from '../mirror/ledger-mirror.js';
import type { ErasureStore, KeyTopicWindow, LeaseStore, TopicWindow } from '../ports.js';
import type { Acknowledgements } from '../processors/acknowledgements.js';
import type { KeyFiles } from '../verification/key-files.js';

export interface DeadlineOptions {
  readonly policy?: NamedPolicy | DeadlinePolicy;
  readonly calendar?: CalendarOptions;
}

export interface ForgettingOptions {
  readonly keyring: Keyring;
  readonly store: ErasureStore;
  /** The ledger's other half; it stays the caller's to close. Without: the database alone has it. */
  readonly mirror?: LedgerMirror;
  /** Where holds stand. */
  readonly log: PrivacyLog;
  /** Without: no certificates. */
  readonly certificates?: CertificateRegister;
  /** Asks processors about everybody who is forgotten. Without: nobody is asked. */
  readonly acknowledgements?: Pick<Acknowledgements, 'about'>;
  readonly window: KeyTopicWindow;
  /** Opens a topic whose records are to end too. Without: `resume` takes none. */
  readonly openTopic?: (topic: string) => TopicWindow;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger?: Logger;
  /** By what law requests are answered, and how its days count. Default: `gdpr`, every day in UTC. */
  readonly deadline?: DeadlineOptions;
  /**
   * How long after *forgotten* a replica that cannot be seen holds up *erased*, in ms; from then on the erasure names it as unseen.
   * Default: the computed bound.
   */
  readonly patienceMs?: number;
  /** Looked at before a user counts as erased. Default: none can be read here. */
  readonly files?: KeyFiles;
  /**
   * Where several instances have one ledger: only the holder of the lease sees erasures out of the log, its own and theirs. Default: this
   * instance is alone.
   */
  readonly leases?: LeaseStore;
}
