import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  publicKeyPem,
  readStatement,
  readTrustedKeys,
  verifyCertificate,
  verifyChain,
} from '@oubliette/privacy';
import { InMemoryAcknowledgementStore } from '@oubliette/privacy/testing';
import { CertificateService, EventPublisher } from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import type { TestEngine } from '../src/testing/index.js';
import { LessonViewed, TOKEN, startApp } from './app.js';
import { assertProblem, bearer, listening } from './http.js';

async function stage(prepare: (engine: TestEngine) => void = () => undefined, own?: TestEngine) {
  const { app, engine } = await startApp([], { prepare, ...(own === undefined ? {} : { engine: own }) });
  const call = await listening(app);
  await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'AAA', clicks: 1 }));
  const ask = (method: string, path: string, body?: unknown) =>
    call(`/privacy/${path}`, {
      method,
      headers: { ...bearer(TOKEN).headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const forget = async () =>
    (await (await ask('POST', 'users/ann/forget')).json()) as { erasureId: string; state: string };
  return { app, engine, call, ask, forget };
}

describe('the routes of holds and extensions', () => {
  it('hold forgetting back, say so, and forget once the hold is lifted', async () => {
    const { ask, forget } = await stage();
    const held = (await (await ask('PUT', 'users/ann/hold', { reason: 'case 12' })).json()) as object;
    assert.deepEqual(Object.keys(held), ['at', 'reason', 'liftedAt']);
    const { erasureId, state } = await forget();
    assert.equal(state, 'held');
    const user = (await (await ask('GET', 'users/ann')).json()) as { state: string; hold: object };
    assert.equal(user.state, 'active');
    assert.deepEqual(user.hold, held);
    assert.equal((await ask('DELETE', 'users/ann/hold', { reason: 'closed' })).status, 204);
    const report = (await (await ask('GET', `erasures/${erasureId}`)).json()) as {
      state: string;
      hold: object;
    };
    assert.equal(report.state, 'forgotten');
    assert.equal('reason' in report.hold && report.hold.reason, 'case 12');
    await assertProblem(await ask('PUT', 'users/ann/hold', { reason: 'x' }), 410, 'USER_FORGOTTEN');
    await assertProblem(await ask('PUT', 'users/nobody/hold', { reason: 'x' }), 404, 'USER_UNKNOWN');
    for (const body of [{}, { reason: 7 }])
      await assertProblem(await ask('PUT', 'users/ann/hold', body), 400, 'BODY_INVALID', 'reason');
    const mail = { reason: 'ann@example.org asked' };
    await assertProblem(await ask('DELETE', 'users/ann/hold', mail), 400, 'REASON_INVALID', 'reason');
  });

  it('extend a deadline once', async () => {
    const { ask, forget } = await stage();
    const { erasureId } = await forget();
    const extend = (reason: unknown) => ask('POST', `erasures/${erasureId}/extension`, { reason });
    const before = (await (await ask('GET', `erasures/${erasureId}`)).json()) as { deadline: string };
    const report = (await (await extend('many requests')).json()) as { deadline: string; extension: object };
    assert.ok(report.deadline > before.deadline);
    assert.equal('reason' in report.extension && report.extension.reason, 'many requests');
    await assertProblem(await extend('again'), 409, 'DEADLINE_NOT_EXTENDABLE');
    await assertProblem(await extend(1), 400, 'BODY_INVALID', 'reason');
    const unknown = await ask('POST', 'erasures/no-such/extension', { reason: 'x' });
    await assertProblem(unknown, 404, 'ERASURE_UNKNOWN');
  });
});

describe('the report of an erasure', () => {
  it('says who was asked about the data elsewhere, and what they said', async () => {
    const { ask, forget, engine } = await stage(
      undefined,
      await openTestEngine({ processors: ['crm', 'mailing'] }),
    );
    const { erasureId } = await forget();
    await engine.clock.advanceAsync(0);
    const answer = { outcome: 'refused', reason: 'legal-claims', note: 'case 4' } as const;
    engine.cluster.append(engine.erasureMessages.answer({ erasureId, processor: 'mailing', answer }));
    await engine.cluster.deliver();
    const at = new Date(engine.clock.now()).toISOString();
    const { acknowledgements } = (await (await ask('GET', `erasures/${erasureId}`)).json()) as {
      acknowledgements: object[];
    };
    const asked = { asks: 1, askedAt: at };
    assert.deepEqual(acknowledgements, [
      { processor: 'crm', outcome: 'outstanding', ...asked, at: null, reason: null, text: null },
      { processor: 'mailing', outcome: 'refused', ...asked, at, reason: 'legal-claims', text: 'case 4' },
    ]);
  });
});

describe('the list of erasures', () => {
  it('asks the store of answers once for a page, and gives each its own', async (t) => {
    const { app, engine, ask } = await stage(undefined, await openTestEngine({ processors: ['crm'] }));
    for (const studentId of ['bob', 'cy'])
      await app.get(EventPublisher).publish(new LessonViewed({ studentId, course: 'AAA', clicks: 1 }));
    for (const id of ['ann', 'bob', 'cy']) await ask('POST', `users/${id}/forget`);
    await engine.clock.advanceAsync(0);
    const listed = async () =>
      (await (await ask('GET', 'erasures')).json()) as {
        erasureId: string;
        acknowledgements: { text: string }[];
      }[];
    const [{ erasureId } = assert.fail()] = await listed();
    const answer = { outcome: 'erased', proof: 'row 7' } as const;
    engine.cluster.append(engine.erasureMessages.answer({ erasureId, processor: 'crm', answer }));
    await engine.cluster.deliver();
    const { mock } = t.mock.method(InMemoryAcknowledgementStore.prototype, 'of');
    const page = await listed();
    assert.equal(mock.callCount(), 1);
    assert.deepEqual(
      page.map(({ acknowledgements }) => acknowledgements.map(({ text }) => text)),
      [['row 7'], [null], [null]],
    );
  });
});

describe('the list of what is due', () => {
  it('has those that are not erased, first due first, near or all, and no more than asked', async () => {
    const { app, engine, ask } = await stage();
    const forgetNext = async (id: string) =>
      ((await (await ask('POST', `users/${id}/forget`)).json()) as { erasureId: string }).erasureId;
    const due = async (query = '') =>
      ((await (await ask('GET', `erasures/due${query}`)).json()) as { erasureId: string }[]).map(
        ({ erasureId }) => erasureId,
      );
    for (const studentId of ['bob', 'cy'])
      await app.get(EventPublisher).publish(new LessonViewed({ studentId, course: 'AAA', clicks: 1 }));
    for (const id of ['ann', 'bob']) await ask('PUT', `users/${id}/hold`, { reason: 'case 12' });
    const ann = await forgetNext('ann');
    await engine.clock.advanceAsync(5 * 86_400_000);
    const bob = await forgetNext('bob');
    const cy = await forgetNext('cy');
    await engine.clock.advanceAsync(86_400_000);
    const { state } = (await (await ask('GET', `erasures/${cy}`)).json()) as { state: string };
    assert.equal(state, 'erased');
    assert.deepEqual(await due(), [ann, bob]);
    await ask('POST', `erasures/${ann}/extension`, { reason: 'complex' });
    assert.deepEqual(await due(), [bob, ann]);
    assert.deepEqual(await due('?limit=1'), [bob]);
    assert.deepEqual(await due('?within=31d'), [bob]);
    assert.deepEqual(await due('?within=7d'), []);
    for (const within of ['7', '-1d', 'soon', '1d&within=2d'])
      await assertProblem(await ask('GET', `erasures/due?within=${within}`), 400, 'WITHIN_INVALID', 'within');
    await assertProblem(await ask('GET', 'erasures/due?limit=0'), 400, 'LIMIT_INVALID', 'limit');
  });
});

describe('the routes of certificates', () => {
  it('give the file byte for byte, a page for people, and the chain', async () => {
    const { app, ask, call, forget, engine } = await stage();
    const { erasureId } = await forget();
    const path = `erasures/${erasureId}/certificate`;
    const trusted = readTrustedKeys(publicKeyPem(app.get(CertificateService).publicKey));
    const answer = await ask('GET', path);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    const file = Buffer.from(await answer.arrayBuffer());
    const { erasure, outstanding } = readStatement(verifyCertificate(file, trusted).body);
    assert.equal(erasure.id, erasureId);
    assert.deepEqual(outstanding, ['erasure']);
    assert.ok(!file.includes('ann') && !file.includes(engine.keyring.userRef('ann')));
    const accept = { ...bearer(TOKEN).headers, accept: 'text/html,*/*' };
    const page = await call(`/privacy/${path}`, { headers: accept });
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await page.text(), new RegExp(`Partial certificate.*${erasureId}`, 's'));
    const lines = (await (await ask('GET', 'certificates')).text()).trimEnd().split('\n');
    assert.equal(
      verifyChain(
        lines.map((line) => Buffer.from(line)),
        trusted,
      ).length,
      1,
    );
    assert.deepEqual(
      lines.map((line) => Buffer.from(line)),
      [file],
    );
    assert.equal(await (await ask('GET', 'certificates?after=1')).text(), '');
  });

  it('refuse who may not ask, what is not there, and bad numbers', async () => {
    const { ask, call, forget } = await stage();
    const { erasureId } = await forget();
    await assertProblem(await call(`/privacy/erasures/${erasureId}/certificate`), 401, 'UNAUTHORIZED');
    await assertProblem(await call('/privacy/certificates'), 401, 'UNAUTHORIZED');
    await assertProblem(await ask('GET', 'erasures/no-such/certificate'), 404, 'ERASURE_UNKNOWN');
    for (const after of ['-1', 'x', '1e3', ''])
      await assertProblem(await ask('GET', `certificates?after=${after}`), 400, 'AFTER_INVALID', 'after');
    await assertProblem(await ask('GET', 'certificates?limit=0'), 400, 'LIMIT_INVALID', 'limit');
  });

  it('say so where there is no key to sign with', async () => {
    const off = await stage((one) => Object.assign(one, { certificates: null }));
    const erasure = await off.forget();
    await assertProblem(
      await off.ask('GET', `erasures/${erasure.erasureId}/certificate`),
      404,
      'CERTIFICATES_OFF',
    );
  });
});
