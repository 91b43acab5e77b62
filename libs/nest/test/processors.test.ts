import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Controller, Injectable, Scope, type Type } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { silentLogger } from '@oubliette/kafka';
import { openTestKeyring } from '@oubliette/keyring/testing';
import type { ErasureQuestion, ProcessorAnswer } from '@oubliette/privacy';
import { ErasureMessages, readCertificate, readStatement } from '@oubliette/privacy';
import {
  CertificateService,
  EncryptedTopic,
  ErasureProcessor,
  EventPublisher,
  ForgetUserService,
  OublietteContext,
} from '../src/index.js';
import { Metrics } from '../src/metrics/metrics.js';
import { openTestEngine } from '../src/testing/index.js';
import { LessonViewed, startApp } from './app.js';

const hour = 3_600_000;

/** An application that forgets, and the processors in it. */
async function stage(processors: readonly string[], controllers: readonly Type[]) {
  const logged: string[] = [];
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const logger = { debug: log, info: log, warn: log, error: log };
  const engine = await openTestEngine({ processors, logger });
  const { app } = await startApp(controllers, { engine });
  const { cluster, clock, keyring } = engine;
  const { topic } = engine.erasureMessages;
  await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'A', clicks: 1 }));
  const forgetting = app.get(ForgetUserService);
  const { erasureId } = await forgetting.forgetUser('ann');
  await clock.advanceAsync(0);
  const standing = async () => {
    const erasure = await forgetting.findErasure(erasureId);
    assert.ok(erasure);
    const { acknowledgements } = await forgetting.standingOf(erasure);
    return acknowledgements.map(({ processor, outcome, text }) => `${processor} ${outcome} ${text}`);
  };
  const outstanding = async () => {
    const { file } = await app.get(CertificateService).certificateOf(erasureId);
    return readStatement(readCertificate(Buffer.from(file)).body).outstanding;
  };
  const write = (key: string, value: Uint8Array) =>
    cluster.append({ topic, key: Buffer.from(key), value: Buffer.from(value) });
  /** As a processor of this deployment would (SPEC.md of the keyring, section 2). */
  const say = (key: string, text: string) => {
    const mac = keyring.authenticate(Buffer.from(`oubliette/erasure-answer/v1\n${key}\n${text}`));
    write(key, Buffer.concat([mac, Buffer.from(text)]));
  };
  return { app, engine, cluster, clock, erasureId, standing, outstanding, write, say, logged };
}

test('a processor hears the pseudonym that handlers know, once, and its answer stands in report and certificate', async () => {
  const taken = new Map<string, string>();
  const heard: ErasureQuestion[] = [];
  @Controller()
  class Crm {
    @EncryptedTopic('school.views')
    view(@Payload() event: LessonViewed, @Ctx() { userRef }: OublietteContext): void {
      taken.set(userRef ?? '', event.course);
    }

    @ErasureProcessor('crm')
    erase(erasure: ErasureQuestion): ProcessorAnswer {
      heard.push(erasure);
      return { outcome: 'erased', proof: `rows ${taken.delete(erasure.userRef) ? 1 : 0}` };
    }
  }
  const { cluster, engine, erasureId, standing, outstanding } = await stage(['crm'], [Crm]);
  assert.deepEqual(await standing(), ['crm outstanding null']);
  assert.ok((await outstanding()).includes('acknowledgements'));
  // The event was read before; the consumer of the topic of erasures may come in any order.
  for (let round = 0; round < 3; round++) assert.deepEqual(await cluster.deliver(), []);
  assert.equal(taken.size, 0);
  const [{ requestedAt, deadline } = assert.fail()] = heard;
  const userRef = engine.keyring.userRef('ann');
  assert.deepEqual(heard, [{ erasureId, userRef, lifecycle: 1, requestedAt, deadline }]);
  assert.deepEqual(await standing(), ['crm erased rows 1']);
  assert.ok(!(await outstanding()).includes('acknowledgements'));
  const left = cluster.records(engine.erasureMessages.topic).slice(-2);
  assert.deepEqual(
    left.map(({ key, value }) => [String(key), value]),
    [
      [erasureId, null],
      [`${erasureId}/crm`, null],
    ],
  );
});

test('throwing means not yet: asked again with growing pauses, while others answer', async () => {
  const times: number[] = [];
  let isReady = false;
  const clockOf = { now: () => 0 };
  @Controller()
  class Slow {
    @ErasureProcessor('slow')
    erase(): ProcessorAnswer {
      if (isReady) return { outcome: 'refused', reason: 'legal-obligation', note: 'tax' };
      times.push(clockOf.now());
      throw new Error('ann@example.org is locked');
    }
  }
  @Injectable()
  @Controller()
  class Quick {
    @ErasureProcessor('quick')
    erase(): Promise<ProcessorAnswer> {
      return Promise.resolve({ outcome: 'erased', proof: 'done' });
    }
  }
  const { cluster, clock, standing, outstanding } = await stage(['quick', 'slow'], [Slow, Quick]);
  const began = clock.now();
  clockOf.now = () => (clock.now() - began) / 1_000;
  for (let seconds = 0; seconds < 20; seconds++) {
    const errors = await cluster.deliver();
    assert.equal(errors.length, 1);
    assert.match(String(errors[0]), /Slow\.erase has not done with 1 erasures yet/);
    clock.advance(1_000);
  }
  assert.deepEqual(times, [0, 1, 3, 7, 15]);
  assert.deepEqual(await standing(), ['quick erased done', 'slow outstanding null']);
  isReady = true;
  clock.advance(hour);
  for (let round = 0; round < 2; round++) assert.deepEqual(await cluster.deliver(), []);
  assert.deepEqual(await standing(), ['quick erased done', 'slow refused tax']);
  assert.ok(!(await outstanding()).includes('acknowledgements'));
});

test('an answer that may not be kept is none: the processor is asked again', async () => {
  const answers: ProcessorAnswer[] = [];
  let calls = 0;
  @Controller()
  class Careless {
    @ErasureProcessor('crm')
    erase({ userRef }: ErasureQuestion): ProcessorAnswer {
      answers.push({ outcome: 'erased', proof: `deleted ${userRef}` });
      answers.push({ outcome: 'erased', proof: 'ann@example.org' });
      answers.push({ outcome: 'erased', proof: 'row 7' });
      return answers[calls++] ?? assert.fail();
    }
  }
  const { cluster, clock, standing } = await stage(['crm'], [Careless]);
  for (let round = 0; round < 4; round++) {
    await cluster.deliver();
    clock.advance(60_000);
  }
  await cluster.deliver();
  assert.equal(calls, 3);
  assert.deepEqual(await standing(), ['crm erased row 7']);
});

test('a crash between the answer and its record calls the processor again, and the first answer that was kept stands', async () => {
  let calls = 0;
  @Controller()
  class Crm {
    @ErasureProcessor('crm')
    erase(): ProcessorAnswer {
      return { outcome: 'erased', proof: `run ${++calls}` };
    }
  }
  const { engine, cluster, standing, logged } = await stage(['crm'], [Crm]);
  const { producer } = engine;
  const send = producer.send.bind(producer);
  producer.send = () => Promise.reject(new Error('killed'));
  assert.equal((await cluster.deliver()).length, 1);
  producer.send = send;
  await cluster.deliver();
  await cluster.deliver();
  assert.deepEqual(await standing(), ['crm erased run 2']);
  assert.deepEqual(logged, []);
});

test('who was not asked, and what is no answer, is logged and changes nothing', async () => {
  const { cluster, erasureId, standing, say, logged } = await stage(['crm'], []);
  say(`${erasureId}/billing`, '{"outcome":"erased","proof":"x"}');
  say(`${erasureId}/crm`, '{"outcome":"erased","proof":"ann@example.org"}');
  say(`${erasureId}/crm`, 'ann');
  assert.deepEqual(await cluster.deliver(), []);
  assert.deepEqual(await standing(), ['crm outstanding null']);
  assert.equal(logged.length, 3);
  assert.match(logged[0]!, /not asked.*billing/);
  assert.ok(!logged.join().includes('ann'));
  say(`${erasureId}/crm`, '{"outcome":"erased","proof":"x"}');
  await cluster.deliver();
  assert.deepEqual(await standing(), ['crm erased x']);
});

test('an answer and a question that nobody of this deployment wrote change nothing, and are counted', async () => {
  const heard: string[] = [];
  @Controller()
  class Crm {
    @ErasureProcessor('mailing')
    erase({ erasureId }: ErasureQuestion): ProcessorAnswer {
      heard.push(erasureId);
      return { outcome: 'erased', proof: 'x' };
    }
  }
  const { app, cluster, engine, erasureId, standing, write, logged } = await stage(['crm'], [Crm]);
  const stranger = await openTestKeyring();
  const { topic } = engine.erasureMessages;
  const theirs = new ErasureMessages({ topic, keyring: stranger, logger: silentLogger });
  const answer = { outcome: 'erased', proof: 'x' } as const;
  const question = {
    erasureId,
    userRef: engine.keyring.userRef('bob'),
    lifecycle: 1,
    requestedAt: 1,
    deadline: 2,
  };
  cluster.append(theirs.answer({ erasureId, processor: 'crm', answer }));
  cluster.append(theirs.question({ ...question, processors: ['mailing'] }));
  write(`${erasureId}/crm`, Buffer.from(JSON.stringify(answer)));
  assert.deepEqual(await cluster.deliver(), []);
  assert.deepEqual(await standing(), ['crm outstanding null']);
  assert.deepEqual(heard, []);
  assert.equal(logged.length, 3);
  assert.match(logged.join(), /ERASURE_MESSAGE_UNAUTHENTIC/);
  assert.match(await app.get(Metrics).registry.metrics(), /oubliette_erasure_messages_refused 3/);
});

test('an application without processors asks nobody, and its certificates need nobody', async () => {
  const engine = await openTestEngine();
  const { app } = await startApp([], { engine });
  await app.get(EventPublisher).publish(new LessonViewed({ studentId: 'ann', course: 'A', clicks: 1 }));
  await app.get(ForgetUserService).forgetUser('ann');
  assert.ok(!engine.cluster.topics().includes(engine.erasureMessages.topic));
});

test('a processor that cannot be called, or is there twice, is refused at start', async () => {
  @Controller()
  class Badly {
    @ErasureProcessor('The CRM')
    erase(): ProcessorAnswer {
      return { outcome: 'erased', proof: 'x' };
    }
  }
  @Controller()
  class Twice {
    @ErasureProcessor('crm')
    one(): ProcessorAnswer {
      return { outcome: 'erased', proof: 'x' };
    }
    @ErasureProcessor('crm')
    two(): ProcessorAnswer {
      return { outcome: 'erased', proof: 'x' };
    }
  }
  @Controller({ scope: Scope.REQUEST })
  class Scoped {
    @ErasureProcessor('crm')
    erase(): ProcessorAnswer {
      return { outcome: 'erased', proof: 'x' };
    }
  }
  for (const controller of [Badly, Twice, Scoped])
    await assert.rejects(startApp([controller]), {
      code: 'HANDLER_INVALID',
      message: /^(Badly|Twice|Scoped)\./,
    });
  await assert.rejects(openTestEngine({ processors: ['a', 'a'] }), { code: 'PROCESSOR_INVALID' });
});
