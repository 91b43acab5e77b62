import type { Command } from 'commander';
import { answers } from '../action.js';
import type { Answer, CliContext, GlobalOptions } from '../context.js';
import { answerOfTurn } from '../keys/epoch-answer.js';
import { EpochReport } from '../keys/epoch-progress.js';
import { withKeyring, withMasterKeys, type KeysOptions } from '../keys/with-keyring.js';
import { count } from '../option-values.js';
import { table } from '../table.js';

interface AdvanceOptions extends KeysOptions {
  readonly rate?: number;
}

export function addEpochCommands(keys: Command, context: CliContext): void {
  const epoch = keys.command('epoch').description('the master keys that all user keys are wrapped under');
  const show = epoch.command('show').description('the master keys at hand, by epoch and fingerprint');
  answers<GlobalOptions>(show, context, (options) =>
    withMasterKeys(context, options, async (masterKeys) => {
      const keysAtHand = await masterKeys.keys();
      const current = masterKeys.current.epoch;
      const lines = table(
        ['EPOCH', 'FINGERPRINT', ''],
        keysAtHand.map((key) => [
          String(key.epoch),
          key.fingerprint,
          key.epoch === current ? 'current' : 'to be destroyed by keys epoch advance',
        ]),
      );
      return { document: { current, keys: keysAtHand }, lines };
    }),
  );
  const advance = epoch
    .command('advance')
    .description(
      'wraps every key under a new master key and destroys the old one, so that copies of the key topic are dead; goes on where it was stopped',
    )
    .option('--rate <n>', 'keys a second at most (default: 5000)', count)
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<AdvanceOptions>(advance, context, (options) => advanceEpoch(context, options));
}

async function advanceEpoch(context: CliContext, options: AdvanceOptions): Promise<Answer> {
  const { signal, clock } = context;
  const { rate } = options;
  const began = clock.monotonic();
  const report = await EpochReport.open(context);
  try {
    return await withKeyring(context, options, { for: 'write' }, async (keyring) => {
      const turn = await keyring.advanceEpoch({
        onProgress: report.hear,
        signal,
        ...(rate === undefined ? {} : { recordsPerSecond: rate }),
      });
      report.end();
      return answerOfTurn(turn, report.rewrapped, clock.monotonic() - began);
    });
  } finally {
    report.end();
    if (signal.aborted) context.err('Stopped. The same command goes on where it was.\n');
  }
}
