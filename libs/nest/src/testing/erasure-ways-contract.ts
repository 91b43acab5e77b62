import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Controller, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { createDirectClient, createTopicScanner } from '@oubliette/kafka';
import { testMasterKeys } from '@oubliette/keyring/testing';
import { readCertificate, readStatement } from '@oubliette/privacy';
import { InMemoryStores, testSigner } from '@oubliette/privacy/testing';
import { SystemClock, sleep } from '@oubliette/runtime';
import { EncryptedEvent, Personal, RecordKey, UserId } from '../decorators/encrypted-event.js';
import { EncryptedTopic } from '../decorators/encrypted-topic.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { CertificateService } from '../forgetting/certificate.service.js';
import { ForgetUserService } from '../forgetting/forget-user.service.js';
import { OublietteModule } from '../module/oubliette.module.js';
import { EventPublisher } from '../publishing/event-publisher.js';
import { connectOubliette } from '../transport/connect-oubliette.js';

const patienceMs = 60_000;
const quick = {
  'segment.ms': '1000',
  'file.delete.delay.ms': '500',
  'message.timestamp.type': 'LogAppendTime',
};
const compacted = {
  ...quick,
  'cleanup.policy': 'compact',
  'max.compaction.lag.ms': '1000',
  'min.cleanable.dirty.ratio': '0',
};
const expiring = { ...quick, 'cleanup.policy': 'delete', 'retention.ms': '3000' };

@EncryptedEvent({ stream: 'ways.addresses' })
class AddressChanged {
  @UserId() userId!: string;
  @RecordKey() @Personal() label!: string;
  @Personal() street!: string;

  constructor(fields: Partial<AddressChanged> = {}) {
    Object.assign(this, fields);
  }
}

@EncryptedEvent({ stream: 'ways.visits' })
class Visited {
  @UserId() userId!: string;
  @Personal() page!: string;

  constructor(fields: Partial<Visited> = {}) {
    Object.assign(this, fields);
  }
}

/** Registers tests of an application whose topics are erased in each way. Give the broker a short log.retention.check.interval.ms. */
export function erasureWaysContract(name: string, bootstrap: () => string): void {
  describe(`three ways to erase on ${name}`, () => {
    const clock = new SystemClock();
    const handled: AddressChanged[] = [];
    let app: INestApplication;

    @Controller()
    class Handlers {
      @EncryptedTopic('ways.addresses', { erasure: 'tombstone', erasureDeadline: '1h' })
      address(@Payload() event: AddressChanged): void {
        handled.push(event);
      }
    }

    const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
      const end = clock.monotonic() + patienceMs;
      while (!(await done())) {
        assert.ok(clock.monotonic() < end, `waited in vain for: ${what}`);
        await sleep(clock, 50);
      }
    };

    /** Keys of the records in a topic that have a value. */
    const standing = async (topic: string): Promise<string[]> => {
      const client = createDirectClient({ brokers: [bootstrap()], clientId: 'ways', clock });
      const keys: string[] = [];
      try {
        for (const partition of [0, 1])
          for await (const batch of createTopicScanner(client).scan(topic, partition))
            for (const { key, value } of 'records' in batch ? batch.records : [])
              if (value !== null) keys.push(Buffer.from(key ?? []).toString('latin1'));
      } finally {
        await client.close();
      }
      return keys;
    };

    before(async () => {
      @Module({
        imports: [
          OublietteModule.forRoot({
            brokers: [bootstrap()],
            clientId: 'ways',
            groupId: 'ways',
            masterKeys: await testMasterKeys(),
            stores: new InMemoryStores(),
            certificateKey: testSigner(),
            access: { token: 'a-token-of-the-contract-only' },
            keyTopic: {
              topic: 'ways.keys',
              partitions: 1,
              segmentMs: 1_000,
              maxCompactionLagMs: 1_000,
              fileDeleteDelayMs: 500,
            },
          }),
          OublietteModule.forFeature({
            topics: [
              { name: 'ways.addresses', partitions: 2, configs: compacted },
              { name: 'ways.visits', partitions: 2, configs: expiring, erasure: 'expiry' },
            ],
            events: [AddressChanged, Visited],
          }),
        ],
        controllers: [Handlers],
      })
      class WaysModule {}
      app = await NestFactory.create(WaysModule, { logger: false, abortOnError: false });
      await connectOubliette(app);
    });
    after(() => app.close());

    it('forgetUser ends a user’s keys, tombstones the records, waits for the others, and certifies all', async () => {
      const publisher = app.get(EventPublisher);
      const { keyring, admin } = app.get<OublietteEngine>(OUBLIETTE_ENGINE);
      for (const userId of ['ada', 'ben']) {
        for (const label of ['home', 'work', 'home'])
          await publisher.publish(new AddressChanged({ userId, label, street: `${label} of ${userId}` }));
        await publisher.publish(new Visited({ userId, page: 'start' }));
      }
      await until('all addresses', () => handled.length >= 6);
      const ofUser = (keys: readonly string[], userId: string): number =>
        keys.filter((key) => key.startsWith(keyring.userRef(userId))).length;
      assert.ok(ofUser(await standing('ways.addresses'), 'ada') >= 2);
      const { erasureId } = await app.get(ForgetUserService).forgetUser('ada');
      await until('the erasure', async () => {
        return (await app.get(ForgetUserService).findErasure(erasureId))?.state === 'erased';
      });
      const addresses = await standing('ways.addresses');
      assert.equal(ofUser(addresses, 'ada'), 0);
      assert.equal(new Set(addresses).size, 2);
      assert.equal(ofUser(await standing('ways.visits'), 'ada'), 0);
      const { file } = await app.get(CertificateService).certificateOf(erasureId);
      const { outstanding, topics } = readStatement(readCertificate(Buffer.from(file, 'utf8')).body);
      assert.deepEqual(outstanding, []);
      const tombstones = topics.map(({ topic, way, partitions }) => {
        return [topic, way, partitions?.reduce((sum, partition) => sum + partition.tombstones, 0)];
      });
      assert.deepEqual(tombstones.sort(), [
        ['ways.addresses', 'tombstone', 2],
        ['ways.visits', 'expiry', 0],
      ]);
      // Tombstones and nudges are no events, and nothing to set aside.
      await publisher.publish(new AddressChanged({ userId: 'ben', label: 'new', street: 'after' }));
      await until('the event behind them', () => handled.some(({ label }) => label === 'new'));
      assert.equal(handled.length, 7);
      assert.ok(!(await admin.listTopics()).includes('ways.addresses.dlt'));
    });
  });
}
