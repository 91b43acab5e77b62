import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { NUDGE_KEY } from '@oubliette/kafka';
import { readRecordKey } from '@oubliette/serde';
import {
  EncryptedEvent,
  EncryptedTopic,
  ErasedTopics,
  EventPublisher,
  RecordKey,
  RetentionService,
  UserId,
  eventInfoOf,
} from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import { LessonViewed, startApp } from './app.js';

const compacted = {
  'cleanup.policy': 'compact',
  'segment.ms': '600000',
  'max.compaction.lag.ms': '600000',
  'message.timestamp.type': 'LogAppendTime',
};
const expiring = {
  'cleanup.policy': 'delete',
  'retention.ms': '43200000',
  'segment.ms': '3600000',
  'message.timestamp.type': 'LogAppendTime',
};
const topic = (name: string, erasure: 'keys' | 'tombstone' | 'expiry', configs = compacted as object) => ({
  name,
  partitions: 1,
  configs: configs as Record<string, string>,
  erasure,
});
const view = (studentId = 'ann') => new LessonViewed({ studentId, site: 'x', course: 'AAA', clicks: 1 });

@EncryptedEvent({ stream: 'school.marks', type: 'MarkGiven' })
class MarkGiven {
  @UserId() studentId!: string;
  @RecordKey() exam!: string;

  constructor(fields: Partial<MarkGiven> = {}) {
    Object.assign(this, fields);
  }
}

@Controller()
class Marks {
  @EncryptedTopic('school.marks', { erasure: 'tombstone' })
  on(@Payload() _event: MarkGiven): void {}
}

describe('how a topic’s records end', () => {
  it('is declared by handlers and by forFeature, and handed on without the topics of keys alone', async () => {
    const { app, engine } = await startApp([Marks], {
      feature: {
        topics: [
          topic('school.marks', 'tombstone'),
          topic('school.logins', 'expiry', expiring),
          topic('school.views', 'keys', expiring),
        ],
        events: [MarkGiven, LessonViewed],
      },
    });
    assert.deepEqual(app.get(ErasedTopics).all(), [
      { topic: 'school.marks', way: 'tombstone' },
      { topic: 'school.logins', way: 'expiry' },
    ]);
    const made = (await engine.admin.describeTopics(['school.marks']))[0];
    assert.deepEqual(made?.configs, compacted);
    const watched = app.get(RetentionService).verdicts();
    assert.deepEqual(
      watched.map(({ topic: name, verdict }) => [name, verdict]),
      [
        ['school.logins', 'ok'],
        ['school.marks', 'ok'],
      ],
    );
  });

  it('reaches no creation of a topic', async () => {
    const engine = await openTestEngine();
    const asked: object[] = [];
    const { createTopic } = engine.admin;
    engine.admin.createTopic = (spec) => {
      asked.push(spec);
      return createTopic(spec);
    };
    await startApp([], { engine, feature: { topics: [topic('school.marks', 'tombstone')] } });
    assert.deepEqual(asked, [{ name: 'school.marks', partitions: 1, configs: compacted }]);
  });

  it('is declared in one way, and both places are named where it is not', async () => {
    const feature = { topics: [topic('school.marks', 'expiry', expiring)] };
    await assert.rejects(startApp([Marks], { feature }), {
      code: 'HANDLER_INVALID',
      message: /school\.marks: Marks\.on.*'tombstone'.*forFeature.*'expiry'/,
    });
  });

  it('is not declared for a regular expression, nor by another word', async () => {
    for (const [declared, erasure, message] of [
      [/^school\./, 'expiry', /^Wrong\.on: erasure.*Name the topics/],
      ['school.marks', 'shredding', /^Wrong\.on: erasure 'shredding' of topic school\.marks.*tombstone/],
    ] as const) {
      @Controller()
      class Wrong {
        @EncryptedTopic(declared, { erasure: erasure as 'expiry' })
        on(@Payload() _event: MarkGiven): void {}
      }
      await assert.rejects(startApp([Wrong]), { code: 'HANDLER_INVALID', message });
    }
  });

  it('needs a topic that is there and ends them so, with or without a deadline', async () => {
    await assert.rejects(startApp([Marks]), { code: 'TOPIC_MISSING' });
    for (const [erasure, configs, says] of [
      ['tombstone', expiring, /cleanup\.policy=compact/],
      ['expiry', compacted, /cleanup\.policy=delete/],
      ['expiry', { ...expiring, 'retention.ms': '-1' }, /bounds no time/],
    ] as const)
      await assert.rejects(startApp([], { feature: { topics: [topic('school.marks', erasure, configs)] } }), {
        code: 'TOPIC_REFUSED',
        message: says,
      });
    @Controller()
    class Hurried {
      @EncryptedTopic('school.marks', { erasure: 'tombstone', erasureDeadline: '1m' })
      on(@Payload() _event: MarkGiven): void {}
    }
    await assert.rejects(
      startApp([Hurried], { prepare: ({ cluster }) => cluster.create(topic('school.marks', 'tombstone')) }),
      { code: 'TOPIC_REFUSED', message: /^Hurried\.on: .*erasureDeadline/ },
    );
  });

  it('by tombstones needs events that can be told apart, at the start and when one is published', async () => {
    const feature = { topics: [topic('school.views', 'tombstone')] };
    await assert.rejects(startApp([], { feature: { ...feature, events: [LessonViewed] } }), {
      code: 'EVENT_CLASS_INVALID',
      message: /LessonViewed.*@RecordKey.*school\.views/,
    });
    const { app, engine } = await startApp([], { feature });
    const publisher = app.get(EventPublisher);
    await assert.rejects(publisher.publish(view()), { code: 'EVENT_CLASS_INVALID' });
    assert.throws(() => publisher.enqueue(view()), { code: 'EVENT_CLASS_INVALID' });
    await publisher.publish(view(), { topic: 'school.others' });
    const mark = new MarkGiven({ studentId: 'ann', exam: 'oral' });
    await assert.rejects(publisher.publish([mark, view() as object], { topic: 'school.views' }), {
      code: 'EVENT_CLASS_INVALID',
    });
    await publisher.publish(mark, { topic: 'school.views' });
    const [record] = engine.cluster.records('school.views');
    const ann = engine.keyring.userRef('ann');
    assert.deepEqual(readRecordKey(record?.key ?? ''), {
      userRef: ann,
      lifecycle: 1,
      name: engine.keyring.recordName(ann, 'oral'),
    });
  });

  it('gives a handler named events, and passes over records without a value, without a dead letter', async () => {
    const seen: string[] = [];
    @Controller()
    class Readers {
      @EncryptedTopic('school.marks')
      on(@Payload() { exam }: MarkGiven): void {
        seen.push(exam);
      }
    }
    const { app, engine } = await startApp([Readers]);
    const mark = (exam: string) => app.get(EventPublisher).publish(new MarkGiven({ studentId: 'ann', exam }));
    await mark('oral');
    const key = engine.cluster.records('school.marks')[0]?.key ?? null;
    engine.cluster.append({ topic: 'school.marks', key, value: null });
    engine.cluster.append({ topic: 'school.marks', key: Buffer.from(NUDGE_KEY), value: null });
    await mark('written');
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(seen, ['oral', 'written']);
    assert.deepEqual(engine.cluster.topics(), ['school.marks']);
  });
});

describe('@RecordKey', () => {
  it('stands on one property, of a user’s event', () => {
    assert.equal(eventInfoOf(MarkGiven).spec.recordKeyPath, 'exam');
    assert.throws(
      () => {
        @EncryptedEvent({ stream: 'x' })
        class Twice {
          @UserId() id!: string;
          @RecordKey() one!: string;
          @RecordKey() two!: string;
        }
        return Twice;
      },
      { code: 'EVENT_CLASS_INVALID', message: /one and on two/ },
    );
    @EncryptedEvent({ stream: 'x' })
    class Nobodys {
      @RecordKey() one!: string;
    }
    assert.throws(() => eventInfoOf(Nobodys), { code: 'EVENT_CLASS_INVALID' });
  });
});
