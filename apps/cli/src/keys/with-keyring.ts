import type { KeyTopicSettings, TopicAdmin } from '@oubliette/kafka';
import type { Keyring, MasterKeys } from '@oubliette/keyring';
import { readCleanupSettings } from '@oubliette/privacy';
import { clusterOf, withAdmin } from '../cluster.js';
import type { CliContext, GlobalOptions } from '../context.js';
import { CliError } from '../errors.js';
import { makeProgress } from '../progress.js';
import { ReadOnlyLog } from '../read-only-log.js';
import { readRunningSample } from '../sample/running-sample.js';
import { keyTopicName } from '../topic-roles.js';

export interface KeysOptions extends GlobalOptions {
  readonly keyTopic?: string;
}

/** What a command does to the keys; `read` makes no topic, changes no setting, writes no record. */
export interface KeyringUse {
  readonly for: 'read' | 'write';
}

/** Master keys as OUBLIETTE_MASTER_KEYS or the running sample says: a file, or any place that `openMasterKeys` knows. */
export async function withMasterKeys<T>(
  context: CliContext,
  options: GlobalOptions,
  work: (masterKeys: MasterKeys) => Promise<T>,
): Promise<T> {
  const { disk, clock, entropy, env } = context;
  const place = env['OUBLIETTE_MASTER_KEYS'] || readRunningSample(disk, options.dataDir)?.masterKeys;
  if (!place)
    throw new CliError(
      'NO_MASTER_KEYS',
      `No master keys: start the sample once (its data in ${options.dataDir}), or give OUBLIETTE_MASTER_KEYS.`,
    );
  const { openMasterKeys } = await import('@oubliette/keyring');
  const masterKeys = await openMasterKeys(place, { disk, clock, entropy, environment: { ...env } });
  try {
    return await work(masterKeys);
  } finally {
    masterKeys.close();
  }
}

/** Loads the key topic, showing how far it has come, runs `work` and closes all again. */
export async function withKeyring<T>(
  context: CliContext,
  options: KeysOptions,
  use: KeyringUse,
  work: (keyring: Keyring) => Promise<T>,
): Promise<T> {
  return withMasterKeys(context, options, async (masterKeys) => {
    const keyring = await open(context, options, use, masterKeys);
    try {
      return await work(keyring);
    } finally {
      await keyring.close();
    }
  });
}

async function open(
  context: CliContext,
  options: KeysOptions,
  { for: purpose }: KeyringUse,
  masterKeys: MasterKeys,
): Promise<Keyring> {
  const { clock, entropy } = context;
  const settings = await withAdmin(context, options, async (admin) =>
    standingSettings(admin, await keyTopicName(context, admin, options.dataDir, options.keyTopic)),
  );
  const [{ openKeyTopic }, { openKeyring }] = await Promise.all([
    import('@oubliette/kafka'),
    import('@oubliette/keyring'),
  ]);
  const progress = await makeProgress(context, 'records of the key topic read');
  try {
    const log = await openKeyTopic(clusterOf(context, options), settings, {
      create: false,
      onProgress: ({ read, total }) =>
        progress.update(total === 0n ? 1 : Number(read) / Number(total), Number(read)),
    });
    return await openKeyring({
      log: purpose === 'read' ? new ReadOnlyLog(log) : log,
      masterKeys,
      clock,
      entropy,
    });
  } finally {
    progress.end();
  }
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
