import type { EpochTurn } from '@oubliette/keyring';
import type { Answer } from '../context.js';
import { counted } from '../counted.js';

/** What a turn of the epoch came to. A service that takes its time over deleting leaves copies readable until then: that is told. */
export function answerOfTurn(
  { epoch, recoverableUntil }: EpochTurn,
  rewrapped: number,
  tookMs: number,
): Answer {
  const seconds = Math.round(tookMs / 100) / 10;
  const until = recoverableUntil === null ? null : new Date(recoverableUntil).toISOString();
  const done = `Epoch ${epoch} is in force: ${counted(rewrapped, 'key')} wrapped anew in ${seconds} s`;
  const lines =
    until === null
      ? [`${done}; the master key before it is destroyed.`]
      : [
          `${done}; the deletion of the master key before it is scheduled.`,
          `Until ${until} whoever may cancel it can take that key back, and with it what copies of the key topic hold.`,
        ];
  return { document: { epoch, rewrapped, seconds, recoverableUntil: until }, lines };
}
