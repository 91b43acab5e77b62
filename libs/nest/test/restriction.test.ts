import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { isRestricted } from '@oubliette/serde';
import {
  EncryptedTopic,
  EventPublisher,
  ForgetUserService,
  OublietteContext,
  PrivacyService,
} from '../src/index.js';
import { LessonViewed, startApp } from './app.js';

/** The handlers of a group, and what they were given. */
function viewing() {
  const seen: { event: LessonViewed; restricted: boolean; erased: boolean }[] = [];
  @Controller()
  class Views {
    @EncryptedTopic('school.views')
    on(@Payload() event: LessonViewed, @Ctx() { restricted, erased }: OublietteContext): void {
      seen.push({ event, restricted, erased });
    }
  }
  return { Views, seen };
}

const view = (studentId: string): LessonViewed =>
  new LessonViewed({ studentId, site: 'homepage', course: 'AAA', clicks: 1 });

describe('a restricted user', () => {
  it('reaches handlers as restricted values, is still published for, and is as before when it is lifted', async () => {
    const { Views, seen } = viewing();
    const { app, engine } = await startApp([Views]);
    const [publisher, privacy] = [app.get(EventPublisher), app.get(PrivacyService)];
    await publisher.publish([view('ann'), view('bob')]);
    const { since } = await privacy.restrict('ann', 'accuracy contested');
    await publisher.publish(view('ann'));
    assert.deepEqual(await engine.cluster.deliver(), []);
    const [first, second, third] = seen;
    assert.ok(first && second && third);
    for (const { event, restricted, erased } of [first, third]) {
      assert.deepEqual([restricted, erased], [true, false]);
      const { studentId, site, course, clicks }: { [Name in keyof LessonViewed]?: unknown } = event;
      assert.ok(isRestricted(studentId) && isRestricted(site));
      assert.equal(site.since, since);
      assert.deepEqual([course, clicks], ['AAA', 1], 'what is not personal is as it was');
      assert.ok(event instanceof LessonViewed);
    }
    assert.deepEqual({ ...second.event }, { ...view('bob') });
    assert.deepEqual([second.restricted, second.erased], [false, false]);
    await privacy.liftRestriction('ann', 'x');
    await publisher.publish(view('ann'));
    await engine.cluster.deliver();
    assert.deepEqual({ ...seen[3]?.event }, { ...view('ann') });
    assert.equal(engine.cluster.records('school.views.dlt').length, 0);
  });

  it('is told of to whoever builds read models when it is lifted, and to nobody before', async () => {
    const { Views } = viewing();
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish(view('ann'));
    const privacy = app.get(PrivacyService);
    const told: string[] = [];
    const stop = privacy.onRestrictionLifted((userRef) => told.push(userRef));
    await privacy.restrict('ann', 'x');
    assert.deepEqual(told, []);
    await privacy.liftRestriction('ann', 'x');
    assert.deepEqual(told, [engine.keyring.userRef('ann')]);
    stop();
    await privacy.restrict('ann', 'x');
    await privacy.liftRestriction('ann', 'x');
    assert.equal(told.length, 1);
  });

  it('opens for work with a permission alone', async () => {
    const { Views } = viewing();
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish(view('ann'));
    const privacy = app.get(PrivacyService);
    await privacy.restrict('ann', 'x');
    const spec = {
      stream: 'school.views',
      type: 'LessonViewed',
      userIdPath: 'studentId',
      personalPaths: ['site'],
    };
    const decode = async () => {
      const [decoded] = await engine.codec.decode<LessonViewed>(spec, engine.cluster.records('school.views'));
      return decoded?.outcome === 'event' ? decoded.event.value : null;
    };
    const [beside, within] = await Promise.all([
      decode(),
      privacy.withPermission('ann', 'legal claim 12/26', decode),
    ]);
    assert.ok(isRestricted(beside?.site));
    assert.equal(within?.site, 'homepage');
    await assert.rejects(privacy.withPermission('ann', '', decode), { code: 'REASON_INVALID' });
    const [entry] = await engine.privacyLog.list(1);
    assert.deepEqual([entry?.kind, entry?.reason], ['restricted-read', 'legal claim 12/26']);
  });

  it('can be forgotten, and is erased then', async () => {
    const { Views, seen } = viewing();
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish(view('ann'));
    await app.get(PrivacyService).restrict('ann', 'x');
    await app.get(ForgetUserService).forgetUser('ann');
    await engine.cluster.deliver();
    assert.deepEqual([seen[0]?.restricted, seen[0]?.erased], [false, true]);
    assert.equal((await app.get(ForgetUserService).statusOf('ann')).restrictedSince, null);
  });
});
