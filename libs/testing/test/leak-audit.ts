import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import kafkajs, { type Kafka } from 'kafkajs';
import { createConsumer, createDirectClient, createTopicScanner, type DirectClient } from '@oubliette/kafka';
import { auditLeaks, fileSource, topicSource, type LeakReport } from '@oubliette/privacy';
import { SystemClock, SystemDisk } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';

const clock = new SystemClock();
const email = 'zebedee.qwyxley@example.org';
const name = 'Zebedee Müller';
const topic = 'audit.views';

/** Leaks of each kind, planted by kafkajs, are found in the topics of an engine, and none without planting. */
export function leakAuditOn(
  engine: RestartableEngine,
  { transactions }: { readonly transactions: boolean },
): void {
  describe(`the leak audit on ${engine.name}`, { timeout: 300_000 }, () => {
    let client: DirectClient;
    let kafka: Kafka;

    before(async () => {
      await engine.start();
      const brokers = [engine.bootstrap()];
      client = createDirectClient({ brokers, clientId: 'audit-test', clock });
      kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
      for (const made of [topic, `${topic}.dlt`]) await client.createTopic({ name: made, partitions: 2 });
    });
    after(async () => {
      await client.close();
      await engine.dispose();
    });

    const look = (): Promise<LeakReport> =>
      auditLeaks(
        [topicSource({ name: 'topics', scanner: createTopicScanner(client) })],
        { terms: [email, name] },
        { clock },
      );

    /** Leaves the group's name in the internal topic of offsets. */
    async function commit(groupId: string): Promise<void> {
      const settings = { brokers: [engine.bootstrap()], clientId: 'audit-test', clock };
      let heard = (): void => undefined;
      const batch = new Promise<void>((resolve) => (heard = resolve));
      const onBatch = (): Promise<void> => Promise.resolve(heard());
      const consumer = await createConsumer(settings, {
        groupId,
        topics: [topic],
        fromBeginning: true,
        onBatch,
      });
      await consumer.start();
      await batch;
      await consumer.close();
    }

    it('finds nothing where nothing was planted, internal topics and all', async () => {
      await plant(kafka, 'somebody.else@example.org', 'Somebody Else');
      await commit('a group of theirs');
      const report = await look();
      assert.deepEqual([report.findings, report.unseen, report.complete], [[], [], true]);
      assert.ok(report.sources[0]!.entries > 20);
    });

    it('finds a value, a key, a header, a dead letter, a group, and what is packed or encoded', async () => {
      await plant(kafka, email, name);
      await commit(`group of ${email}`);
      const report = await look();
      const found = report.findings.map(({ place, term, form, unpacked }) =>
        [
          place.replace(/@\d+/, '').replace(/__consumer_offsets-\d+/, '__consumer_offsets'),
          term,
          form,
          unpacked ? 'unpacked' : '',
        ]
          .join(' ')
          .trim(),
      );
      const inDead = Array.from({ length: 3 }, () => `${topic}.dlt-1 value 1 base64`);
      assert.deepEqual(
        [...new Set(found.filter((place) => place.startsWith('__consumer_offsets')))],
        ['__consumer_offsets key 1 utf-8'],
      );
      assert.deepEqual(
        found.filter((place) => !place.startsWith('__consumer_offsets')).sort(),
        [
          `${topic}-0 header 2 1 utf-8`,
          `${topic}-0 header 3 (its name) 1 utf-8`,
          `${topic}-0 key 1 utf-8`,
          `${topic}-0 value 1 utf-8`,
          `${topic}-0 value 1 utf-8 unpacked`,
          `${topic}-0 value 2 json`,
          `${topic}-0 value 2 utf-16`,
          `${topic}-0 value 2 utf-8`,
          ...inDead,
        ].sort(),
      );
      assert.ok(!JSON.stringify(report).includes(email));
    });

    it('finds in the files of the engine what was deleted from the topic', async () => {
      await client.createTopic({ name: 'audit.deleted', partitions: 1 });
      const value = 'deleted.person@example.org';
      const producer = kafka.producer();
      await producer.connect();
      for (const compression of [kafkajs.CompressionTypes.None, kafkajs.CompressionTypes.GZIP])
        await producer.send({ topic: 'audit.deleted', compression, messages: [{ key: null, value }] });
      await producer.disconnect();
      const admin = kafka.admin();
      await admin.connect();
      await admin.fetchTopicOffsets('audit.deleted');
      await admin.deleteTopicRecords({ topic: 'audit.deleted', partitions: [{ partition: 0, offset: '2' }] });
      await admin.disconnect();
      const paths = [engine.server.dataDir];
      const sources = [
        topicSource({ name: 'topics', scanner: createTopicScanner(client) }),
        fileSource({ name: 'files', disk: new SystemDisk(), paths }),
      ];
      const { findings } = await auditLeaks(sources, { terms: [value] }, { clock });
      assert.deepEqual(
        findings.map(({ source, place }) => `${source} ${place.replace(/^.*\//, '')}`.replace(/\d+$/, 'N')),
        ['files 00000000000000000000.log', 'files 00000000000000000000.log, compressed batch at byte N'],
      );
    });

    // The bundled broker has none yet.
    if (!transactions) return;
    it('finds what an aborted transaction wrote, and an open one', async () => {
      const producer = kafka.producer({ transactionalId: 'audit', maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      const send = async (value: string) => {
        const transaction = await producer.transaction();
        await transaction.send({ topic, messages: [{ key: null, value, partition: 1 }] });
        return transaction;
      };
      await (await send('aborted.person@example.org')).abort();
      const open = await send('open.person@example.org');
      const terms = ['aborted.person@example.org', 'open.person@example.org'];
      const sources = [topicSource({ name: 'topics', scanner: createTopicScanner(client) })];
      const { findings } = await auditLeaks(sources, { terms }, { clock });
      await open.abort();
      await producer.disconnect();
      assert.deepEqual(
        findings.map(({ place, term }) => [place.replace(/@\d+/, ''), term]),
        [
          [`${topic}-1 value`, 1],
          [`${topic}-1 value`, 2],
        ],
      );
    });
  });
}

/** One record of each kind, in batches packed by the client and not. */
async function plant(kafka: Kafka, mail: string, who: string): Promise<void> {
  const producer = kafka.producer();
  await producer.connect();
  const send = (to: string, value: string | Buffer | null, others: object = {}, packed = false) =>
    producer.send({
      topic: to,
      compression: packed ? kafkajs.CompressionTypes.GZIP : kafkajs.CompressionTypes.None,
      messages: [{ key: null, value, partition: to === topic ? 0 : 1, ...others }],
    });
  await send(topic, `mail to ${mail}`);
  await send(topic, JSON.stringify({ name: who }), {}, true);
  await send(topic, JSON.stringify({ name: who }).replace('ü', '\\u00fc'));
  await send(topic, Buffer.from(who, 'utf16le'));
  await send(topic, gzipSync(`mail to ${mail}`));
  await send(topic, null, { key: mail });
  await send(topic, 'clean', { headers: { user: ['clean', mail], [`for-${mail}`]: 'clean' } });
  for (const lead of ['', 'x', 'xx'])
    await send(`${topic}.dlt`, Buffer.from(`${lead}${mail}`).toString('base64'));
  await producer.disconnect();
}
