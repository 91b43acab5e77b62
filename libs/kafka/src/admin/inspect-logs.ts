import type { Clock } from '@oubliette/runtime';
import type { DirectClient } from '../direct/index.js';
import { codeOrName } from '../errors.js';
import type { LogCopy, LogInspection, OpenLogTransaction, TransactionalProducers } from '../ports.js';

/**
 * What brokers say about logs beyond their topics' settings. Each part is asked for by itself, one request after the other; what a
 * broker does not tell (no right to ask, an older version, a directory that is offline) is named in `unseen`. Never rejects.
 */
export async function inspectLogs(
  client: DirectClient,
  clock: Clock,
  topics: readonly string[],
  brokerSettings: readonly string[],
): Promise<LogInspection> {
  const at = clock.now();
  const unseen: { what: string; code: string }[] = [];
  const part = async <T>(what: string, fallback: T, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      unseen.push({ what, code: codeOrName(error) });
      return fallback;
    }
  };
  const partitions = await part('the partitions', [], () => partitionsOf(client, topics));
  const copies = await part('the log directories', null, () => copiesOf(client, partitions));
  const producers: TransactionalProducers[] = [];
  for (const { topic, partitions: numbers } of partitions)
    await part(`the producers of ${topic}`, null, async () => {
      producers.push(...(await producersOf(client, topic, numbers)));
      return null;
    });
  const brokers = await part('the brokers', [], async () => {
    const found: LogInspection['brokers'][number][] = [];
    for (const { nodeId } of (await client.metadata([])).brokers)
      await part(`the settings of broker ${nodeId}`, null, async () => {
        found.push({ nodeId, configs: await settingsOf(client, nodeId, brokerSettings) });
        return null;
      });
    return found;
  });
  return { at, brokers, copies, transactionalProducers: producers, unseen };
}

interface Asked {
  readonly topic: string;
  readonly partitions: readonly number[];
}

async function partitionsOf(client: DirectClient, topics: readonly string[]): Promise<Asked[]> {
  const metadata = await client.metadata(topics);
  return metadata.topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions.map(({ partition }) => partition),
  }));
}

async function copiesOf(client: DirectClient, asked: readonly Asked[]): Promise<LogCopy[]> {
  const directories = await client.describeLogDirs(asked);
  return directories.flatMap(({ nodeId, path, partitions }) =>
    partitions.map(({ topic, partition, isFuture }) => ({ nodeId, path, topic, partition, isFuture })),
  );
}

async function producersOf(
  client: DirectClient,
  topic: string,
  partitions: readonly number[],
): Promise<TransactionalProducers[]> {
  const found: TransactionalProducers[] = [];
  for (const partition of partitions) {
    const transactional = (await client.describeProducers(topic, partition)).filter(
      (producer) => producer.isTransactional,
    );
    if (transactional.length === 0) continue;
    const open = transactional.flatMap(
      ({ producerId, openTransactionStart, lastTimestamp }): OpenLogTransaction[] =>
        openTransactionStart === null
          ? []
          : [{ producerId, startOffset: openTransactionStart, lastTimestampMs: Number(lastTimestamp) }],
    );
    found.push({ topic, partition, count: transactional.length, open });
  }
  return found;
}

async function settingsOf(
  client: DirectClient,
  nodeId: number,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const entries = await client.describeConfigs({ type: 'broker', nodeId }, names);
  return Object.fromEntries(entries.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])));
}
