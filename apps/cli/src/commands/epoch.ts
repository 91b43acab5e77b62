import type { Command } from 'commander';
import { answers } from '../action.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { EpochReport } from '../keys/epoch-progress.js';
import { withKeyring, withMasterKeys, type KeysOptions } from '../keys/with-keyring.js';
import { count, duration } from '../option-values.js';
import { table } from '../table.js';

interface AdvanceOptions extends KeysOptions {
  readonly rate?: number;
  readonly lease: number;
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
    .option('--lease <duration>', 'the longest leaseMs that any process was given', duration, 30_000)
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<AdvanceOptions>(advance, context, (options) => advanceEpoch(context, options));
}

async function advanceEpoch(context: CliContext, options: AdvanceOptions) {
  const { signal, clock } = context;
  const { rate, lease } = options;
  const began = clock.monotonic();
  const report = await EpochReport.open(context);
  try {
    return await withKeyring(context, options, { for: 'write', leaseMs: lease }, async (keyring) => {
      const epoch = await keyring.advanceEpoch({
        onProgress: report.hear,
        signal,
        ...(rate === undefined ? {} : { recordsPerSecond: rate }),
      });
      report.end();
      const seconds = Math.round((clock.monotonic() - began) / 100) / 10;
      return {
        document: { epoch, rewrapped: report.rewrapped, seconds },
        lines: [
          `Epoch ${epoch} is in force: ${report.rewrapped} keys wrapped anew in ${seconds} s; the master key before it is destroyed.`,
        ],
      };
    });
  } finally {
    report.end();
    if (signal.aborted) context.err('Stopped. The same command goes on where it was.\n');
  }
}
