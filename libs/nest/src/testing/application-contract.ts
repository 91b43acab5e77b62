import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Controller, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { NUDGE_KEY } from '@oubliette/kafka';
import { InMemoryStores } from '@oubliette/privacy/testing';
import { isErased } from '@oubliette/serde';
import { testMasterKeys } from '@oubliette/keyring/testing';
import { SystemClock, sleep } from '@oubliette/runtime';
import { EncryptedEvent, Personal, UserId } from '../decorators/encrypted-event.js';
import { EncryptedTopic } from '../decorators/encrypted-topic.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { ForgetUserService } from '../forgetting/forget-user.service.js';
import { RetentionService } from '../retention/retention.service.js';
import { OublietteModule } from '../module/oubliette.module.js';
import { EventPublisher } from '../publishing/event-publisher.js';
import { connectOubliette } from '../transport/connect-oubliette.js';
import { OublietteBatchContext, OublietteContext } from '../transport/event-context.js';

const TOKEN = 'a-token-of-the-contract-only';
const PATIENCE_MS = 60_000;

@EncryptedEvent({ stream: 'contract.views', topic: 'contract.views' })
class PageViewed {
  @UserId() userId!: string;
  @Personal() page!: string;
  number!: number;

  constructor(fields: Partial<PageViewed> = {}) {
    Object.assign(this, fields);
  }
}

/** Registers tests of a whole Nest application on the brokers at `bootstrap()`: bundled or Apache Kafka's. */
export function nestApplicationContract(name: string, bootstrap: () => string): void {
  describe(`a Nest application on ${name}`, () => {
    const clock = new SystemClock();
    const singles: { event: PageViewed; context: OublietteContext }[] = [];
    const batches: PageViewed[][] = [];
    let failures = 0;
    let app: INestApplication;

    @Controller()
    class Handlers {
      @EncryptedTopic('contract.views', { erasureDeadline: '24h' })
      one(@Payload() event: PageViewed, @Ctx() context: OublietteContext): void {
        if (event.number === 4 && failures++ < 2) throw new Error('fails twice');
        if (event.number === 5) throw new Error('fails always');
        singles.push({ event, context });
      }

      @EncryptedTopic(/^contract\.v/, { groupId: 'contract-batches', batch: true, events: PageViewed })
      many(@Payload() events: PageViewed[], @Ctx() context: OublietteBatchContext): void {
        assert.equal(events.length, context.events.length);
        batches.push(events);
      }
    }

    const until = async (what: string, done: () => boolean | Promise<boolean>): Promise<void> => {
      const end = clock.monotonic() + PATIENCE_MS;
      while (!(await done())) {
        assert.ok(clock.monotonic() < end, `waited in vain for: ${what}`);
        await sleep(clock, 50);
      }
    };

    const start = async (
      masterKeys: Awaited<ReturnType<typeof testMasterKeys>>,
      groupId = 'contract',
    ): Promise<INestApplication> => {
      const topics = [
        {
          name: 'contract.views',
          partitions: 2,
          configs: {
            'retention.ms': '3600000',
            'segment.ms': '3600000',
            'message.timestamp.type': 'LogAppendTime',
          },
        },
      ];
      @Module({
        imports: [
          OublietteModule.forRoot({
            brokers: [bootstrap()],
            clientId: 'contract',
            groupId,
            masterKeys,
            stores: new InMemoryStores(),
            access: { token: TOKEN },
            handlerAttempts: 3,
            retentionGuardEveryMs: 200,
            keyTopic: {
              topic: 'contract.keys',
              partitions: 2,
              segmentMs: 2_000,
              maxCompactionLagMs: 2_000,
              fileDeleteDelayMs: 1_000,
            },
          }),
          OublietteModule.forFeature({ topics, events: [PageViewed] }),
        ],
        controllers: [Handlers],
      })
      class ContractModule {}
      // A failure must reach the test, not end the process; the errors that the contract provokes are no news.
      const created = await NestFactory.create(ContractModule, { logger: false, abortOnError: false });
      await connectOubliette(created);
      return created;
    };

    before(async () => {
      app = await start(await testMasterKeys());
    });
    after(() => app.close());

    it('publishes and handles events, decrypted, once each', async () => {
      const events = [1, 2, 3].map(
        (number) => new PageViewed({ userId: `user-${number}`, page: `secret-${number}`, number }),
      );
      const { admin, producer } = app.get<OublietteEngine>(OUBLIETTE_ENGINE);
      // Nobody's tombstones, which are no events: nothing is moved aside for them.
      const nudge = { topic: 'contract.views', key: Buffer.from(NUDGE_KEY), value: null };
      await producer.send([0, 1].map((partition) => ({ ...nudge, partition })));
      await app.get(EventPublisher).publish(events);
      await until('three events', () => singles.length >= 3);
      await until('three in batches', () => batches.flat().length >= 3);
      const byNumber = (a: PageViewed, b: PageViewed): number => a.number - b.number;
      assert.deepEqual(
        singles.map(({ event }) => ({ ...event })).sort(byNumber as never),
        events.map((event) => ({ ...event })),
      );
      assert.deepEqual(batches.flat().sort(byNumber), events);
      assert.ok(singles.every(({ context }) => context.topic === 'contract.views' && !context.erased));
      assert.equal((await admin.listTopics()).includes('contract.views.dlt'), false);
    });

    it('gives a failing event again, and moves one that always fails aside', async () => {
      const publisher = app.get(EventPublisher);
      for (const number of [4, 5, 6]) {
        await publisher.publish(new PageViewed({ userId: 'user-1', page: 'same partition', number }));
      }
      await until('the event after the poison', () => singles.some(({ event }) => event.number === 6));
      assert.equal(singles.filter(({ event }) => event.number === 4).length, 1);
      assert.equal(
        singles.some(({ event }) => event.number === 5),
        false,
      );
      const { admin } = app.get<OublietteEngine>(OUBLIETTE_ENGINE);
      assert.ok((await admin.listTopics()).includes('contract.views.dlt'));
    });

    it('judges its topics and the key topic while it runs, and sees them drift', async () => {
      const { admin } = app.get<OublietteEngine>(OUBLIETTE_ENGINE);
      const verdictOn = (topic: string): string | undefined =>
        app
          .get(RetentionService)
          .verdicts()
          .find((one) => one.topic === topic)?.verdict;
      assert.deepEqual([verdictOn('contract.views'), verdictOn('contract.keys')], ['ok', 'ok']);
      await admin.setTopicConfigs('contract.views', { 'segment.ms': '604800000' });
      await until('the refusal', () => verdictOn('contract.views') === 'refuse');
      assert.equal(verdictOn('contract.keys'), 'ok');
      await admin.setTopicConfigs('contract.views', { 'segment.ms': '3600000' });
      await until('the end of the refusal', () => verdictOn('contract.views') === 'ok');
    });

    it('forgets: forgotten at once, then erased', async () => {
      await app.get(EventPublisher).publish(new PageViewed({ userId: 'user-2', page: 'before', number: 7 }));
      const erasure = await app.get(ForgetUserService).forgetUser('user-2');
      assert.equal(erasure.state, 'forgotten');
      await assert.rejects(
        app.get(EventPublisher).publish(new PageViewed({ userId: 'user-2', page: 'x', number: 8 })),
        {
          code: 'USER_FORGOTTEN',
        },
      );
      await until('the erasure', async () => {
        const found = await app.get(ForgetUserService).findErasure(erasure.erasureId);
        return found?.state === 'erased';
      });
    });

    it('gives a new group everything after a restart, with erased values for the forgotten user', async () => {
      await app.close();
      singles.length = 0;
      app = await start(await testMasterKeys(), 'contract-again');
      const publisher = app.get(EventPublisher);
      await publisher.publish(new PageViewed({ userId: 'user-3', page: 'after', number: 9 }));
      await until('all events again', () => singles.length >= 7);
      const numbers = (erased: boolean): number[] =>
        singles
          .filter(({ context }) => context.erased === erased)
          .map(({ event }) => event.number)
          .sort();
      assert.deepEqual(numbers(true), [2, 7]);
      assert.deepEqual(numbers(false), [1, 3, 4, 6, 9]);
      for (const { event, context } of singles) {
        assert.equal(isErased(event.userId), context.erased);
        assert.equal(isErased(event.page), context.erased);
      }
      await assert.rejects(publisher.publish(new PageViewed({ userId: 'user-2', page: 'x', number: 8 })), {
        code: 'USER_FORGOTTEN',
      });
    });

    it('refuses other master keys over the same topic', async () => {
      await assert.rejects(async () => start(await testMasterKeys(2)), { code: 'MASTER_KEY_MISMATCH' });
    });
  });
}
