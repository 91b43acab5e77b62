import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller, Get, Post, UseFilters } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KeyringError } from '@oubliette/keyring';
import {
  EncryptedTopic,
  EventPublisher,
  ForgetUserService,
  ProblemFilter,
  connectOubliette,
  type UserReport,
} from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import { LessonViewed, TOKEN, buildApp, startApp } from './app.js';
import { assertProblem, bearer, listening } from './http.js';

@Controller()
class Views {
  @EncryptedTopic('school.views')
  on(@Payload() _event: LessonViewed): void {}
}

describe('the privacy routes', () => {
  it('refuse whoever has no token or a wrong one, and answer as problems', async () => {
    const { app } = await startApp([Views]);
    const call = await listening(app);
    for (const init of [{}, bearer('wrong'), bearer(`${TOKEN}x`), { headers: { authorization: TOKEN } }]) {
      const response = await call('/privacy/users/ann/forget', { method: 'POST', ...init });
      assert.equal(response.headers.get('www-authenticate'), 'Bearer');
      await assertProblem(response, 401, 'UNAUTHORIZED');
    }
    await assertProblem(await call('/privacy/erasures/x'), 401, 'UNAUTHORIZED');
  });

  it('forget a user, and give the same erasure again', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'AAA', clicks: 1 }));
    const post = () => call('/privacy/users/ann/forget', { method: 'POST', ...bearer(TOKEN) });
    const first = await post();
    assert.equal(first.status, 202);
    const accepted = (await first.json()) as { erasureId: string; state: string; deadline: string };
    assert.equal(accepted.state, 'forgotten');
    assert.ok(Date.parse(accepted.deadline) > 0);
    assert.equal(((await (await post()).json()) as { erasureId: string }).erasureId, accepted.erasureId);
    const report = await call(`/privacy/erasures/${accepted.erasureId}`, bearer(TOKEN));
    assert.equal(report.status, 200);
    const body = (await report.json()) as Record<string, unknown>;
    assert.deepEqual(Object.keys(body).sort(), [
      'acknowledgements',
      'actBy',
      'bound',
      'deadline',
      'erasedAt',
      'erasureId',
      'extension',
      'forgottenAt',
      'hold',
      'law',
      'note',
      'requestedAt',
      'state',
      'topics',
      'urgency',
    ]);
    assert.equal(JSON.stringify(body).includes(engine.keyring.userRef('ann')), false);
  });

  it('forget many users in one request, in the order asked', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    const forget = (body: unknown, token = TOKEN) =>
      call('/privacy/users/forget', {
        method: 'POST',
        headers: { ...bearer(token).headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    for (const studentId of ['ann', 'bob'])
      await app.get(EventPublisher).publish(new LessonViewed({ studentId, course: 'AAA', clicks: 1 }));
    const answer = await forget({ ids: ['ann', 'nobody', 'bob'] });
    assert.equal(answer.status, 202);
    const { erasures } = (await answer.json()) as { erasures: ({ state: string } | null)[] };
    assert.deepEqual(
      erasures.map((erasure) => erasure?.state ?? null),
      ['forgotten', null, 'forgotten'],
    );
    assert.equal(engine.keyring.size().forgotten, 2);
    for (const bad of [{}, [], { ids: 'ann' }, { ids: [] }, { ids: [1] }, { ids: Array(10_001).fill('x') }])
      await assertProblem(await forget(bad), 400, 'BODY_INVALID', 'ids');
    await assertProblem(await forget({ ids: ['ann', ' '] }), 400, 'USER_ID_INVALID', 'id');
    await assertProblem(await forget({ ids: ['ann'] }, 'wrong'), 401, 'UNAUTHORIZED');
  });

  it('compare the ledger with the key topic', async () => {
    const { app } = await startApp([Views]);
    const call = await listening(app);
    const check = await call('/privacy/erasures/check', { method: 'POST', ...bearer(TOKEN) });
    assert.equal(check.status, 200);
    assert.deepEqual(await check.json(), {
      checked: 0,
      returned: 0,
      forgottenAgain: 0,
      unresolved: 0,
      halves: null,
      restrictions: { standing: 0, restrictedAgain: 0, unlogged: 0 },
    });
    await assertProblem(await call('/privacy/erasures/check', { method: 'POST' }), 401, 'UNAUTHORIZED');
  });

  it('say what stands about a user, without the id and the pseudonym', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    const ask = async (id: string) => (await call(`/privacy/users/${id}`, bearer(TOKEN))).text();
    await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'AAA', clicks: 1 }));
    assert.deepEqual(JSON.parse(await ask('ann')), {
      state: 'active',
      confirmed: true,
      restricted: false,
      restrictedSince: null,
      restrictionReason: null,
      erasure: null,
      hold: null,
    });
    const accepted = (await (
      await call('/privacy/users/ann/forget', { method: 'POST', ...bearer(TOKEN) })
    ).json()) as { erasureId: string };
    const text = await ask('ann');
    const status = JSON.parse(text) as { state: string; erasure: { erasureId: string; state: string } };
    assert.equal(status.state, 'forgotten');
    assert.equal(status.erasure.erasureId, accepted.erasureId);
    assert.equal(status.erasure.state, 'forgotten');
    assert.equal(text.includes('ann') || text.includes(engine.keyring.userRef('ann')), false);
    await assertProblem(await call('/privacy/users/nobody', bearer(TOKEN)), 404, 'USER_UNKNOWN');
    await assertProblem(await call('/privacy/users/%20', bearer(TOKEN)), 400, 'USER_ID_INVALID', 'id');
    await assertProblem(await call('/privacy/users/ann'), 401, 'UNAUTHORIZED');
  });

  it('say it of a forgotten user while the brokers are away too, by the ledger, and of nobody else', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    const ask = (id: string) => call(`/privacy/users/${id}`, bearer(TOKEN));
    const view = (studentId: string) => new LessonViewed({ studentId, course: 'AAA', clicks: 1 });
    await app.get(EventPublisher).publish([view('ann'), view('ben'), view('cem')]);
    await call('/privacy/users/ann/forget', { method: 'POST', ...bearer(TOKEN) });
    const forgetting = app.get(ForgetUserService);
    await forgetting.hold('cem', 'case 12');
    await forgetting.forgetUser('cem');
    const away = new KeyringError('KEYRING_UNAVAILABLE', 'The key topic is away.');
    engine.keyring.catchUp = () => Promise.reject(away);
    const { state, confirmed, erasure } = JSON.parse(await (await ask('ann')).text()) as UserReport;
    assert.deepEqual([state, confirmed, erasure?.state], ['forgotten', false, 'forgotten']);
    const held = JSON.parse(await (await ask('cem')).text()) as UserReport;
    assert.deepEqual([held.state, held.confirmed, held.erasure?.state], ['active', false, 'held']);
    assert.equal(held.hold?.reason, 'case 12');
    await assertProblem(await ask('ben'), 503, 'KEYRING_UNAVAILABLE');
    await engine.keyring.beginLifecycle(engine.keyring.userRef('ann'));
    await assertProblem(await ask('ann'), 503, 'KEYRING_UNAVAILABLE');
    await assertProblem(await ask('nobody'), 503, 'KEYRING_UNAVAILABLE');
  });

  it('list the ledger, newest first, a page at a time', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    const asked: string[] = [];
    for (const studentId of ['ann', 'bob', 'cleo']) {
      await app.get(EventPublisher).publish(new LessonViewed({ studentId, course: 'AAA', clicks: 1 }));
      const answer = await call(`/privacy/users/${studentId}/forget`, { method: 'POST', ...bearer(TOKEN) });
      asked.unshift(((await answer.json()) as { erasureId: string }).erasureId);
      engine.clock.advance(1_000);
    }
    const list = async (query: string) => {
      const answer = await call(`/privacy/erasures${query}`, bearer(TOKEN));
      assert.equal(answer.status, 200);
      return ((await answer.json()) as { erasureId: string }[]).map(({ erasureId }) => erasureId);
    };
    assert.deepEqual(await list(''), asked);
    assert.deepEqual(await list('?limit=2'), asked.slice(0, 2));
    assert.deepEqual(await list(`?limit=2&before=${asked[1]}`), asked.slice(2));
    await assertProblem(await call('/privacy/erasures'), 401, 'UNAUTHORIZED');
    for (const limit of ['0', '-1', '1001', 'many', '', '1&limit=2'])
      await assertProblem(
        await call(`/privacy/erasures?limit=${limit}`, bearer(TOKEN)),
        400,
        'LIMIT_INVALID',
        'limit',
      );
    const lost = await call('/privacy/erasures?before=none', bearer(TOKEN));
    await assertProblem(lost, 400, 'ERASURE_UNKNOWN', 'before');
    const body = await (await call('/privacy/erasures', bearer(TOKEN))).text();
    assert.equal(body.includes(engine.keyring.userRef('ann')), false);
    const metrics = await (await call('/metrics', bearer(TOKEN))).text();
    assert.match(metrics, /^oubliette_erasures\{state="forgotten"\} 3$/m);
    assert.match(metrics, /^oubliette_erasures\{state="erased"\} 0$/m);
  });

  it('answer bad input with 4xx and the field', async () => {
    const { app } = await startApp([Views]);
    const call = await listening(app);
    const forget = (id: string) => call(`/privacy/users/${id}/forget`, { method: 'POST', ...bearer(TOKEN) });
    await assertProblem(await forget('nobody'), 404, 'USER_UNKNOWN');
    await assertProblem(await forget('%20'), 400, 'USER_ID_INVALID', 'id');
    await assertProblem(await forget('x'.repeat(10_240)), 400, 'USER_ID_INVALID', 'id');
    assert.equal((await forget('')).status, 404);
    await assertProblem(await call('/privacy/erasures/none', bearer(TOKEN)), 404, 'ERASURE_UNKNOWN');
  });

  it('stand at the prefix that the application chose', async () => {
    const { app } = await startApp([Views], { options: { http: { privacyPrefix: 'gdpr' } } });
    const call = await listening(app);
    await assertProblem(await call('/gdpr/erasures/none', bearer(TOKEN)), 404, 'ERASURE_UNKNOWN');
    assert.equal((await call('/privacy/erasures/none', bearer(TOKEN))).status, 404);
  });

  it('are not served without a guard', async () => {
    const engine = await openTestEngine();
    for (const access of [undefined, {}, { token: '' }, { token: 'short' }]) {
      await assert.rejects(buildApp(engine, [Views], { access: access as never }), {
        code: 'ACCESS_GUARD_MISSING',
      });
    }
  });

  it('take a guard of the application', async () => {
    class Nobody {
      canActivate(): boolean {
        return false;
      }
    }
    const { app } = await startApp([Views], { options: { access: { guard: Nobody } } });
    const call = await listening(app);
    await assertProblem(await call('/privacy/erasures/x', bearer(TOKEN)), 403, 'FORBIDDEN');
  });
});

describe('health and metrics', () => {
  it('report up only while keys are fresh and consumers run, without figures', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    const up = await call('/health');
    assert.equal(up.status, 200);
    const body = await up.text();
    assert.equal((JSON.parse(body) as { status: string }).status, 'ok');
    assert.equal(/\d/.test(body), false);
    engine.fresh = false;
    const down = await call('/health');
    assert.equal(down.status, 503);
    assert.equal(
      ((await down.json()) as { details: { keyTopic: { status: string } } }).details.keyTopic.status,
      'down',
    );
    engine.fresh = true;
    await app.getMicroservices()[0]?.close();
    const stopped = await call('/health');
    assert.equal(stopped.status, 503);
  });

  it('report down while a lease is lost, and while somebody came back who is not forgotten again', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    const statusOf = async (name: string): Promise<[number, string | undefined]> => {
      const answer = await call('/health');
      const { details } = (await answer.json()) as { details: Record<string, { status: string }> };
      return [answer.status, details[name]?.status];
    };
    engine.keyLog.hold();
    engine.clock.advance(30_000);
    assert.deepEqual(await statusOf('userKeys'), [503, 'down']);
    engine.keyLog.release();
    assert.deepEqual(await statusOf('userKeys'), [200, 'up']);
    const check = { checked: 12, returned: 2, forgottenAgain: 1, unresolved: 1 };
    const checked = (value: object) =>
      Object.defineProperty(engine.forgetting, 'lastCheck', { value, configurable: true });
    checked(check);
    assert.deepEqual(await statusOf('forgotten'), [503, 'down']);
    const metrics = await (await call('/metrics', bearer(TOKEN))).text();
    assert.match(metrics, /^oubliette_forgotten_users_returned 2$/m);
    checked({ ...check, forgottenAgain: 2 });
    assert.deepEqual(await statusOf('forgotten'), [200, 'up']);
    assert.deepEqual(await statusOf('deadlines'), [200, 'up']);
    engine.forgetting.inDanger = () => ({ endangered: 3, overdue: 0 });
    assert.deepEqual(await statusOf('deadlines'), [200, 'up']);
    engine.forgetting.inDanger = () => ({ endangered: 0, overdue: 1 });
    engine.forgetting.blocked = () => [
      { topic: null, partition: 3, code: 'NO_LEADER', message: 'start it', since: 1, jobs: 7 },
    ];
    assert.deepEqual(await statusOf('deadlines'), [503, 'down']);
    const inDanger = await (await call('/metrics', bearer(TOKEN))).text();
    assert.match(inDanger, /^oubliette_erasures_in_danger\{urgency="overdue"\} 1$/m);
    assert.match(inDanger, /^oubliette_erasures_blocked\{topic="",partition="3",code="NO_LEADER"\} 7$/m);
  });

  it('guard the metrics unless they are opened, and count', async () => {
    const { app, engine } = await startApp([Views]);
    const call = await listening(app);
    await app
      .get(EventPublisher)
      .publish(new LessonViewed({ studentId: 'ann-of-many', course: 'AAA', clicks: 1 }));
    await engine.cluster.deliver();
    await assertProblem(await call('/metrics'), 401, 'UNAUTHORIZED');
    const text = await (await call('/metrics', bearer(TOKEN))).text();
    assert.match(text, /^oubliette_events_published_total\{topic="school.views"\} 1$/m);
    assert.match(text, /^oubliette_events_consumed_total\{topic="school.views",group="school"\} 1$/m);
    assert.match(text, /^oubliette_keys 1$/m);
    assert.equal(text.includes('ann-of-many') || text.includes(engine.keyring.userRef('ann-of-many')), false);
    await app.close();
    const open = await startApp([Views], { options: { http: { metrics: 'open' } } });
    assert.equal((await (await listening(open.app))('/metrics')).status, 200);
  });
});

describe('the problem filter', () => {
  it('repeats neither bodies nor messages of foreign errors', async () => {
    @Controller('things')
    @UseFilters(ProblemFilter)
    class Things {
      @Post()
      make(): void {}
      @Get('forgotten')
      forgotten(): void {
        throw Object.assign(new Error('The user is forgotten.'), { code: 'USER_FORGOTTEN' });
      }
      @Get('broken')
      broken(): void {
        throw new Error('duplicate key: ann@example.org');
      }
    }
    const app = await buildApp(await openTestEngine(), [Views, Things]);
    app.useGlobalFilters(app.get(ProblemFilter));
    await connectOubliette(app);
    const call = await listening(app);
    await assertProblem(await call('/things/forgotten'), 410, 'USER_FORGOTTEN');
    const broken = await call('/things/broken');
    assert.equal((await broken.clone().text()).includes('ann@example.org'), false);
    await assertProblem(broken, 500, 'INTERNAL_ERROR');
    const headers = { 'content-type': 'application/json' };
    const malformed = await call('/things', { method: 'POST', headers, body: '{"email":ann@example.org' });
    assert.equal((await malformed.clone().text()).includes('ann'), false);
    await assertProblem(malformed.clone(), 400, 'BODY_INVALID', 'body');
    assert.equal(((await malformed.json()) as { detail: string }).detail, 'The body is not JSON.');
    const huge = await call('/things', {
      method: 'POST',
      headers,
      body: JSON.stringify('x'.repeat(200_000)),
    });
    await assertProblem(huge, 413, 'CONTENT_TOO_LARGE', 'body');
    const foreign = { 'content-type': 'application/json; charset=ebcdic-x' };
    const unread = await call('/things', { method: 'POST', headers: foreign, body: '{}' });
    await assertProblem(unread, 415, 'UNSUPPORTED_MEDIA_TYPE', 'body');
    const missing = await call('/users/ann@example.org');
    assert.equal((await missing.clone().text()).includes('ann'), false);
    await assertProblem(missing.clone(), 404, 'NOT_FOUND');
    assert.match(((await missing.json()) as { detail: string }).detail, /must not be empty/);
    await assertProblem(await call('/privacy/erasures/%zz-ann', bearer(TOKEN)), 400, 'PATH_INVALID', 'id');
  });
});
