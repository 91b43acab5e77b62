import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createAdmin, type TopicAdmin } from '@oubliette/kafka';
import {
  applyFitting,
  checkTopics,
  fittingSettings,
  seeTopics,
  type FittingPlan,
  type FittingQuestion,
  type TopicVerdict,
} from '@oubliette/privacy';
import { SystemClock } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';

const hour = 3_600_000;
const minute = 60_000;
const clock = new SystemClock();

/** Kafka 4 takes no record that is dated more than an hour ahead; versions before take any, unless they are told (KIP-937). */
export interface GuardedDefaults {
  readonly aheadMs: number | null;
}

/** On an engine that keeps its defaults. */
export function retentionGuardOn(engine: RestartableEngine, { aheadMs }: GuardedDefaults): void {
  const isBounded = aheadMs !== null;
  // What the log stamps itself is never ahead.
  const stamped = isBounded ? [] : [['message.timestamp.type', 'CreateTime', 'LogAppendTime']];
  const passes = isBounded ? 'warn' : 'ok';

  describe(`the retention guard on ${engine.name} with its defaults`, () => {
    let admin: TopicAdmin;

    before(async () => {
      await engine.start();
      admin = await createAdmin({ brokers: [engine.bootstrap()], clientId: 'retention-guard', clock });
    });
    after(async () => {
      await admin.close();
      await engine.dispose();
    });

    async function planned(topic: string, question: FittingQuestion): Promise<FittingPlan> {
      const [sight] = await seeTopics(admin, [topic]);
      assert.ok(sight);
      return fittingSettings(sight, question);
    }
    const within = (deadlineMs: number): FittingQuestion => ({ role: 'personal data', deadlineMs });
    const judged = async (topic: string, deadlineMs: number): Promise<TopicVerdict> => {
      const [verdict] = await checkTopics(admin, [topic], () => ({ role: 'personal data', deadlineMs }));
      assert.ok(verdict);
      return verdict;
    };

    test('12 h and 20 h of retention within a day: refused by default, and pass with what is applied', async () => {
      for (const [hours, fits] of [
        [12, 11 * hour + 54 * minute - (aheadMs ?? 0)],
        [20, 3 * hour + 54 * minute - (aheadMs ?? 0)],
      ] as const) {
        const topic = `hours-${hours}`;
        const configs = { 'retention.ms': String(hours * hour), 'max.message.bytes': '100000' };
        await admin.createTopic({ name: topic, partitions: 2, configs });
        assert.equal((await judged(topic, 24 * hour)).verdict, 'refuse');
        const plan = await planned(topic, within(24 * hour));
        assert.deepEqual(
          plan.changes.map(({ name, from, to }) => [name, from, to]),
          [...stamped, ['segment.ms', String(168 * hour), String(fits)]],
        );
        const verdict = await applyFitting(admin, plan, within(24 * hour), clock);
        assert.deepEqual([verdict.verdict, verdict.worstCaseMs], [passes, 24 * hour]);
        assert.equal((await judged(topic, 24 * hour - 1)).verdict, 'refuse');
        const [described] = await admin.describeTopics([topic]);
        assert.deepEqual(
          [described?.configs['max.message.bytes'], described?.configs['cleanup.policy']],
          ['100000', 'delete'],
        );
      }
    });

    test('24 h of retention within a day passes with nothing but a shorter retention', async () => {
      await admin.createTopic({ name: 'day', partitions: 1, configs: { 'retention.ms': String(24 * hour) } });
      const { changes, after: is } = await planned('day', within(24 * hour));
      assert.deepEqual([changes, is.verdict], [[], 'refuse']);
      assert.match(is.reasons.join('\n'), /no segment\.ms (and no retention\.ms )?passes/i);
      const question = { ...within(24 * hour), retentionMs: 12 * hour };
      const verdict = await applyFitting(admin, await planned('day', question), question, clock);
      assert.equal(verdict.verdict, passes);
    });

    test('a key topic made with the defaults is mended: the settings stand, and the guard passes them', async () => {
      await admin.createTopic({ name: 'keys', partitions: 1, configs: { 'cleanup.policy': 'compact' } });
      const question: FittingQuestion = {
        role: 'key topic',
        deadlineMs: hour,
        use: { gapMs: 15_200 },
      };
      const plan = await planned('keys', question);
      assert.deepEqual([plan.before.verdict, plan.before.worstCaseMs], ['refuse', null]);
      const verdict = await applyFitting(admin, plan, question, clock);
      assert.deepEqual([verdict.verdict, verdict.reasons], ['ok', []]);
      // 10 min to roll, the nudger's pause, the cleaner's own, and the delay before unlinking.
      assert.equal(verdict.worstCaseMs, 600_000 + 15_200 + 15_000 + 60_000);
    });

    test('a topic with all the defaults, where topics appear by themselves, is told as such', async () => {
      await admin.createTopic({ name: 'accident', partitions: 1 });
      const { verdict, worstCaseMs, reasons, notes } = await judged('accident', 15 * 24 * hour);
      const expected = isBounded ? ['warn', 14 * 24 * hour + aheadMs + 6 * minute] : ['refuse', null];
      assert.deepEqual([verdict, worstCaseMs], expected);
      assert.match(reasons.join('\n'), /made by accident/);
      assert.match(notes.join('\n'), /name that is mistyped/);
    });

    test('a setting that the broker refuses leaves the topic as it was', async () => {
      await admin.createTopic({
        name: 'kept',
        partitions: 1,
        configs: { 'retention.ms': String(12 * hour) },
      });
      const plan = await planned('kept', within(24 * hour));
      const broken = {
        ...plan,
        changes: [...plan.changes, { ...plan.changes[0]!, name: 'no.such.setting' }],
      };
      await assert.rejects(applyFitting(admin, broken, within(24 * hour), clock), { code: 'KAFKA_REFUSED' });
      assert.equal((await admin.describeTopics(['kept']))[0]?.configs['segment.ms'], String(168 * hour));
    });
  });
}
