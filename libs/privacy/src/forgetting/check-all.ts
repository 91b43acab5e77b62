import type { Fence, Keyring } from '@oubliette/keyring';
import type { PrivacyLog } from '../log/privacy-log.js';
import type { Logger } from '../logger.js';
import { compareHalves, type LedgerHalves } from '../mirror/compare-halves.js';
import type { LedgerMirror } from '../mirror/ledger-mirror.js';
import type { ErasureStore } from '../ports.js';
import type { Acknowledgements } from '../processors/acknowledgements.js';
import { checkRestrictions } from '../restriction/restriction-check.js';
import { checkLedger, type LedgerCheck } from './ledger-check.js';

export interface CheckAllParts {
  readonly keyring: Keyring;
  readonly store: ErasureStore;
  readonly mirror?: LedgerMirror;
  readonly log: PrivacyLog;
  readonly acknowledgements?: Pick<Acknowledgements, 'about'>;
  readonly logger: Logger;
  /** Hears of each user that was forgotten again. */
  readonly onForgottenAgain: (fence: Fence) => void;
}

/** The ledger with its mirror, then with the key topic, then the privacy log with the key topic: what a restore took is put back. */
export async function checkAll(parts: CheckAllParts): Promise<LedgerCheck> {
  const halves = await makeWhole(parts);
  const users = await checkLedger(parts);
  // Only now: who is forgotten again is not restricted again.
  const restrictions = await checkRestrictions(parts);
  const { returned, forgottenAgain, unresolved } = users;
  if (returned > 0)
    parts.logger.error(
      `${returned} forgotten users came back: the key topic was restored from a copy of before. They are forgotten again.`,
      { returned, forgottenAgain, unresolved },
    );
  return { ...users, halves, restrictions };
}

async function makeWhole({
  store,
  mirror,
  acknowledgements,
  logger,
}: CheckAllParts): Promise<LedgerHalves | null> {
  if (mirror === undefined) return null;
  // Who was asked, and what they answered, is in the database alone. What is not *erased* yet is driven on by `resume`, and asked about then.
  const halves = await compareHalves(store, mirror, async (restored) =>
    acknowledgements?.about(restored.filter(({ state }) => state === 'erased')),
  );
  const { older, ...counts } = halves;
  if (older !== 'neither')
    logger.error(
      `The ledger of erasures was not whole (${older}): what one half lacked was taken from the other.`,
      counts,
    );
  return halves;
}
