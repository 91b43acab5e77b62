import type { Command } from 'commander';
import type { KeyTopicSettings, TopicAdmin } from '@oubliette/kafka';
import type { Keyring } from '@oubliette/keyring';
import { readCleanupSettings } from '@oubliette/privacy';
import { answers } from '../action.js';
import { clusterOf, withAdmin } from '../cluster.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { CliError } from '../errors.js';
import { ReadOnlyLog } from '../read-only-log.js';
import { readRunningSample } from '../sample/running-sample.js';
import { table } from '../table.js';
import { keyTopicName } from '../topic-roles.js';

interface KeysOptions extends GlobalOptions {
  readonly keyTopic?: string;
}

export function addKeysCommands(program: Command, context: CliContext): void {
  const list = program
    .command('keys')
    .description('user keys by pseudonym')
    .command('list')
    .description('reads the key topic with the master keys of the running sample (or OUBLIETTE_MASTER_KEYS)')
    .option('--key-topic <name>', 'the topic of the user keys');
  answers<KeysOptions>(list, context, async (options) => {
    const keyring = await openForReading(context, options);
    try {
      const users = [...keyring.list()];
      return {
        document: users,
        lines: table(
          ['USER', 'STATE', 'LIFECYCLE', 'KEYS'],
          users.map(({ userRef, state, lifecycle, kids }) => [
            userRef,
            state,
            String(lifecycle),
            kids.join(' ') || '-',
          ]),
        ),
      };
    } finally {
      await keyring.close();
    }
  });
}

/** Makes no topic, changes no setting, writes no record. */
async function openForReading(context: CliContext, options: KeysOptions): Promise<Keyring> {
  const { disk, clock, entropy } = context;
  const file =
    context.env['OUBLIETTE_MASTER_KEYS'] || readRunningSample(disk, options.dataDir)?.masterKeysFile;
  if (!file)
    throw new CliError(
      'NO_MASTER_KEYS',
      `No master keys: start the sample once (its data in ${options.dataDir}), or give OUBLIETTE_MASTER_KEYS.`,
    );
  const settings = await withAdmin(context, options, async (admin) =>
    standingSettings(admin, await keyTopicName(context, admin, options.dataDir, options.keyTopic)),
  );
  const [{ openKeyTopic }, { loadMasterKeyFile, openKeyring }] = await Promise.all([
    import('@oubliette/kafka'),
    import('@oubliette/keyring'),
  ]);
  const masterKeys = await loadMasterKeyFile(file, disk, entropy);
  const log = await openKeyTopic(clusterOf(context, options), settings, { create: false });
  return openKeyring({ log: new ReadOnlyLog(log), masterKeys, clock, entropy });
}

/** What is declared elsewhere is read here: the topic as it stands. */
async function standingSettings(admin: TopicAdmin, topic: string): Promise<KeyTopicSettings> {
  const [description] = await admin.describeTopics([topic]);
  const { segmentMs, maxCompactionLagMs, fileDeleteDelayMs, deleteRetentionMs } = readCleanupSettings(
    description?.configs ?? {},
  );
  return {
    topic,
    partitions: description?.partitions.length ?? 0,
    replicationFactor: description?.partitions[0]?.replicas.length ?? 1,
    segmentMs,
    maxCompactionLagMs,
    fileDeleteDelayMs,
    deleteRetentionMs,
  };
}
