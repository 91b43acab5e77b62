import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import kafkajs from 'kafkajs';
import { eventually } from '@oubliette/kafka/testing';
import type { KeyTopicWindow } from '@oubliette/privacy';
import { SystemClock } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';
import { Away } from './away.js';
import { ErasingApplication } from './erasing-application.js';
import { instead } from './instead.js';
import { byteScan } from './plain-scan.js';

const clock = new SystemClock();
const patienceMs = 60_000;

/** What keeps bytes in a log with one broker, each tried with an erasure and its certificate. */
export function experimentsOn(engine: RestartableEngine): void {
  describe(`what keeps bytes in the log of ${engine.name}`, () => {
    const toClose: { close(): Promise<void> }[] = [];
    before(() => engine.start());
    after(async () => {
      for (const opened of toClose.reverse()) await opened.close();
      await engine.dispose();
    });
    const closing = <T extends { close(): Promise<void> }>(opened: T): T => {
      toClose.push(opened);
      return opened;
    };

    test('an idle partition: without a nudge the key stands in the files when the bound is over, with nudges it is erased', async () => {
      let withheld = 0;
      let isOpen = false;
      const app = closing(
        await ErasingApplication.open(engine, 'idle', {}, (keys) =>
          instead<KeyTopicWindow>(keys, {
            nudge: async (partition) => {
              if (isOpen) await keys.nudge(partition);
              else withheld++;
            },
          }),
        ),
      );
      const { wrapped } = await app.enrol('ada');
      const { erasureId, boundMs } = await app.request('ada');
      assert.ok(boundMs !== null);
      const until = clock.monotonic() + boundMs;
      await eventually('the end of the bound', () => clock.monotonic() >= until, patienceMs);
      assert.ok(withheld > 0, 'the nudger would have nudged');
      assert.equal((await app.find(erasureId)).state, 'forgotten');
      assert.equal(byteScan(engine.server.dataDir, wrapped).length, 1);
      assert.deepEqual((await app.certified(erasureId)).outstanding, ['erasure']);
      isOpen = true;
      await app.untilErased(erasureId);
      assert.deepEqual(byteScan(engine.server.dataDir, wrapped), []);
      assert.deepEqual((await app.certified(erasureId)).outstanding, []);
    });

    test('an open transaction is named with its producer, and the key stands; when it ends it is erased', async () => {
      const app = closing(await ErasingApplication.open(engine, 'transaction'));
      const kafka = new kafkajs.Kafka({
        brokers: [engine.bootstrap()],
        logLevel: kafkajs.logLevel.NOTHING,
      });
      const producer = kafka.producer({ transactionalId: 'hangs', maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      closing({ close: () => producer.disconnect() });
      const { wrapped } = await app.enrol('ada');
      const transaction = await producer.transaction();
      await transaction.send({
        topic: app.keyTopic.topic,
        messages: [{ partition: 0, key: '!other', value: 'x' }],
      });
      const { erasureId } = await app.request('ada');
      const blocked = await app.untilNote(erasureId, /^blocked: /);
      assert.match(blocked, /^blocked: open transaction of producer \d+ since offset \d+$/);
      assert.equal(byteScan(engine.server.dataDir, wrapped).length, 1);
      await transaction.abort();
      await app.untilErased(erasureId);
      assert.deepEqual(byteScan(engine.server.dataDir, wrapped), []);
      assert.deepEqual((await app.certified(erasureId)).outstanding, []);
    });

    test('a consumer away for longer than delete.retention.ms opens nothing of who was erased meanwhile: not while away, nor when it is back', async () => {
      const app = closing(await ErasingApplication.open(engine, 'away', { deleteRetentionMs: 2_000 }));
      const [gone, stays] = [await app.enrol('gone'), await app.enrol('stays')];
      const [ofGone, ofStays] = [gone, stays].map(({ userRef }) =>
        app.keyring.seal(userRef, binding, secret),
      );
      assert.ok(ofGone && ofStays);
      const away = closing(await Away.open(app.kafka, app.keyTopic));
      const { reader, link } = away;
      assert.deepEqual(reader.open(binding, ofGone), { outcome: 'value', value: secret });
      link.cut();
      const position = await app.keys.end(0);
      const { erasureId } = await app.request('gone');
      await app.untilErased(erasureId);
      await tombstoneGone(app, gone.name);
      assert.deepEqual(byteScan(engine.server.dataDir, gone.wrapped), []);
      const { erasure, outstanding } = await app.certified(erasureId);
      assert.deepEqual([erasure.state, outstanding], ['erased', []]);
      // Whoever went on from there would hear of the fence, and of no key that went.
      const missed: string[] = [];
      for await (const { key, offset } of app.keys.scan(0)) if (offset >= position) missed.push(key);
      assert.deepEqual(
        missed.filter((key) => key.startsWith(gone.userRef)),
        [gone.userRef],
      );

      assert.equal(reader.isFresh, false);
      for (const envelope of [ofGone, ofStays])
        assert.deepEqual(reader.open(binding, envelope), { outcome: 'unavailable', reason: 'store-behind' });
      assert.equal(away.restarts, 0);
      link.mend();
      await eventually('the lease', () => reader.isFresh);
      assert.equal(away.restarts, 1);
      assert.equal(reader.open(binding, ofGone).outcome, 'erased');
      assert.deepEqual(reader.open(binding, ofStays), { outcome: 'value', value: secret });
      assert.deepEqual(reader.size(), { users: 1, keys: 1, forgotten: 1 });
      assert.deepEqual(away.alarms, []);
    });
  });
}

const binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };
const secret = new TextEncoder().encode('a personal value');

/** Waits until neither a key nor its tombstone stands in the log, and lets its segments roll meanwhile. */
async function tombstoneGone({ keys, keyTopic }: ErasingApplication, name: string): Promise<void> {
  let nextNudge = clock.monotonic();
  await eventually(
    'the tombstone gone',
    async () => {
      if (clock.monotonic() >= nextNudge) {
        await keys.nudge(0);
        nextNudge = clock.monotonic() + keyTopic.segmentMs;
      }
      for await (const { key } of keys.scan(0)) if (key === name) return false;
      return true;
    },
    patienceMs,
  );
}
