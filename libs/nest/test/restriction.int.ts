import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventPublisher } from '../src/index.js';
import { LessonViewed, TOKEN, startApp } from './app.js';
import { assertProblem, bearer, listening } from './http.js';

describe('the routes of restriction', () => {
  it('restrict a user and lift it, log why, and say so', async () => {
    const { app, engine } = await startApp([]);
    const call = await listening(app);
    const at = '/privacy/users/ann/restriction';
    const ask = (method: string, body?: unknown, path = at) =>
      call(path, {
        method,
        headers: { ...bearer(TOKEN).headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const state = async () => {
      const report = await (await call('/privacy/users/ann', bearer(TOKEN))).json();
      const { restricted, restrictedSince, restrictionReason } = report as Record<string, unknown>;
      return { restricted, restrictedSince, restrictionReason };
    };
    const unrestricted = { restricted: false, restrictedSince: null, restrictionReason: null };
    const reason = 'accuracy contested';
    await assertProblem(await ask('PUT', { reason }), 404, 'USER_UNKNOWN');
    await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'AAA', clicks: 1 }));
    for (const method of ['PUT', 'DELETE']) {
      for (const bad of ['', 'x'.repeat(201), 'mail a.b@example.org', 'a\nb'])
        await assertProblem(await ask(method, { reason: bad }), 400, 'REASON_INVALID', 'reason');
      for (const bad of [undefined, {}, [], { reason: 5 }, { reason: null }])
        await assertProblem(await ask(method, bad), 400, 'BODY_INVALID', 'reason');
      const nobody = await ask(method, { reason }, '/privacy/users/%20/restriction');
      await assertProblem(nobody, 400, 'USER_ID_INVALID', 'id');
      await assertProblem(await call(at, { method }), 401, 'UNAUTHORIZED');
    }
    const first = await ask('PUT', { reason });
    const since = new Date(engine.clock.now()).toISOString();
    assert.deepEqual([first.status, await first.json()], [200, { restricted: true, since }]);
    engine.clock.advance(1_000);
    assert.deepEqual(
      await (await ask('PUT', { reason: 'y' })).json(),
      { restricted: true, since },
      'the same',
    );
    assert.deepEqual(await state(), {
      restricted: true,
      restrictedSince: since,
      restrictionReason: reason,
    });
    for (const time of ['first', 'again'])
      assert.equal((await ask('DELETE', { reason: 'settled' })).status, 204, time);
    assert.deepEqual(await state(), unrestricted);
    await ask('PUT', { reason: 'court order 12/26' });
    const log = await engine.privacyLog.ofUser(engine.keyring.userRef('ann'), 10);
    assert.deepEqual(
      log.map((entry) => `${entry.kind}: ${entry.reason}`),
      ['restricted: court order 12/26', 'restriction-lifted: settled', `restricted: ${reason}`],
    );
    await call('/privacy/users/ann/forget', { method: 'POST', ...bearer(TOKEN) });
    for (const method of ['PUT', 'DELETE'])
      await assertProblem(await ask(method, { reason }), 410, 'USER_FORGOTTEN');
    assert.deepEqual(await state(), unrestricted);
  });
});
