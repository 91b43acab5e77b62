import type { Erasure } from '../ports.js';

/** The ledger's other half: the last step of every erasure, kept apart from the database. */
export interface LedgerMirror {
  /** Resolves when they are durable, each in the place of the one of its id. */
  write(erasures: readonly Erasure[]): Promise<void>;
  /** Every erasure in it, in no order; of one id, an earlier step may come before the last. What is not authentic is left out. */
  read(): AsyncIterable<Erasure>;
  close(): Promise<void>;
}
