import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { ErasureCheck } from '@oubliette/privacy';
import { EncryptedTopic, EventPublisher } from '../src/index.js';
import type { Problem } from '../src/index.js';
import type { TestEngine } from '../src/testing/index.js';
import { LessonViewed, TOKEN, startApp } from './app.js';

@Controller()
class Views {
  @EncryptedTopic('school.views')
  on(@Payload() _event: LessonViewed): void {}
}

interface Stage {
  readonly engine: TestEngine;
  readonly erasureId: string;
  ask(path: string, body?: unknown, token?: string): Promise<{ status: number; body: unknown }>;
}

async function onStage(): Promise<Stage> {
  const { app, engine } = await startApp([Views]);
  await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'AAA', clicks: 1 }));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const { erasureId } = await engine.forgetting.request('ann');
  return {
    engine,
    erasureId,
    async ask(path, body, token = TOKEN) {
      const answer = await fetch(`http://127.0.0.1:${port}/privacy/erasures/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    },
  };
}

test('an erasure is verified behind the guard, by what stands now, without the pseudonym', async () => {
  const { engine, erasureId, ask } = await onStage();
  const { status, body } = await ask(`${erasureId}/verify`);
  const check = body as ErasureCheck;
  assert.equal(status, 200);
  assert.deepEqual([check.erasureId, check.verdict, check.files], [erasureId, 'remains', null]);
  assert.deepEqual([check.log.keys.total, check.log.tombstones], [1, 1]);
  assert.ok(!JSON.stringify(body).includes(engine.keyring.userRef('ann')));
  assert.equal((await ask(`${erasureId}/verify`, undefined, 'wrong-token-of-nobody')).status, 401);
  const nobody = await ask('none/verify');
  assert.deepEqual([nobody.status, (nobody.body as Problem).code], [404, 'ERASURE_UNKNOWN']);
});

test('log directories that are named are read, others than a broker has and other bodies are refused', async () => {
  const { engine, erasureId, ask } = await onStage();
  engine.disk.makeDirectorySync('/logs/oubliette.keys-0');
  engine.disk.replaceFileSync('/logs/meta.properties', Buffer.from('node.id=4\n'));
  engine.disk.makeDirectorySync('/etc');
  const { body } = await ask(`${erasureId}/verify`, { logDirs: ['/logs'], everyTopic: true });
  assert.deepEqual(
    (body as ErasureCheck).files?.logDirs.map(({ logDir, broker }) => [logDir, broker]),
    [['/logs', 4]],
  );
  for (const [scope, code, field] of [
    [{ logDirs: ['/etc'] }, 'LOG_DIR_INVALID', 'logDirs'],
    [{ logDirs: '/logs' }, 'BODY_INVALID', 'logDirs'],
    [{ logDirs: [1] }, 'BODY_INVALID', 'logDirs'],
    [{ everyTopic: 'yes' }, 'BODY_INVALID', 'everyTopic'],
  ] as const) {
    const refused = await ask(`${erasureId}/verify`, scope);
    const problem = refused.body as Problem;
    assert.deepEqual([refused.status, problem.code, problem.field], [400, code, field]);
  }
});
