import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Catch, Controller, Injectable, Scope, UseFilters, UseGuards, UsePipes } from '@nestjs/common';
import type { CanActivate, ExecutionContext, PipeTransform, RpcExceptionFilter } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { EVENT_HEADERS, createEventCodec, createJsonFormat, isErased } from '@oubliette/serde';
import { EMPTY } from 'rxjs';
import type { Observable } from 'rxjs';
import {
  DEAD_LETTER_HEADERS,
  EncryptedEvent,
  EncryptedTopic,
  EventPublisher,
  EventRefusedError,
  ForgetUserService,
  OublietteBatchContext,
  OublietteContext,
  UserId,
  eventIdFrom,
  eventInfoOf,
} from '../src/index.js';
import { LessonViewed, StudentMoved, startApp } from './app.js';

const view = (studentId: string, clicks = 1) =>
  new LessonViewed({ studentId, site: 'Hidden Site', course: 'AAA', clicks });

describe('the transport', () => {
  it('gives a handler decrypted events of its class, with their context', async () => {
    const seen: { event: LessonViewed; context: OublietteContext }[] = [];
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      on(@Payload() event: LessonViewed, @Ctx() context: OublietteContext): void {
        seen.push({ event, context });
      }
    }
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish([view('ann', 1), view('bob', 2)]);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.equal(seen.length, 2);
    assert.ok(seen[1]?.event instanceof LessonViewed);
    assert.deepEqual({ ...seen[1]?.event }, { ...view('bob', 2) });
    assert.ok(seen[1].context instanceof OublietteContext);
    assert.equal(seen[1].context.topic, 'school.views');
    assert.equal(seen[1].context.offset, 1n);
    assert.equal(seen[1].context.userRef, engine.keyring.userRef('bob'));
    assert.equal(seen[1].context.erased, false);
    await app.close();
    assert.equal(engine.closed, true);
  });

  it('gives erased values for a forgotten user, never ciphertext and never an exception', async () => {
    const seen: LessonViewed[] = [];
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      on(@Payload() event: LessonViewed): void {
        seen.push(event);
      }
    }
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish([view('ann', 5), view('bob', 6)]);
    await app.get(ForgetUserService).forgetUser('ann');
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.ok(isErased(seen[0]?.studentId));
    assert.ok(isErased(seen[0]?.site));
    assert.equal(seen[0]?.clicks, 5);
    assert.equal(seen[1]?.studentId, 'bob');
    await assert.rejects(app.get(EventPublisher).publish(view('ann')), { code: 'USER_FORGOTTEN' });
  });

  it('hands batches to a batch handler, within its bound, and routes types of one topic', async () => {
    const batches: number[][] = [];
    const moved: StudentMoved[] = [];
    @Controller()
    class Views {
      @EncryptedTopic('school.views', { batch: true, maxBatch: 2, events: LessonViewed })
      many(@Payload() events: LessonViewed[], @Ctx() context: OublietteBatchContext): void {
        assert.equal(events.length, context.events.length);
        batches.push(events.map((event) => event.clicks));
      }
      @EncryptedTopic(/^school\./)
      moves(@Payload() event: StudentMoved): void {
        moved.push(event);
      }
    }
    const { app, engine } = await startApp([Views]);
    const move = new StudentMoved({ studentId: 'ann', address: { city: 'Lyon', country: 'FR' } });
    await app.get(EventPublisher).publish([view('a', 1), view('b', 2), move, view('c', 3)]);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(batches, [[1, 2], [3]]);
    assert.deepEqual(
      moved.map((event) => event.address),
      [{ city: 'Lyon', country: 'FR' }],
    );
    const stored = engine.cluster
      .records('school.views')
      .map((record) => Buffer.from(record.value as Uint8Array));
    assert.equal(
      stored.some((value) => value.includes('Lyon')),
      false,
    );
    assert.equal(
      stored.some((value) => value.includes('FR')),
      true,
    );
  });

  it('gives a failed batch again, without repeating what was handled', async () => {
    const handled: number[] = [];
    let failures = 2;
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      on(@Payload() event: LessonViewed): void {
        if (event.clicks === 2 && failures-- > 0) throw new Error('not now');
        handled.push(event.clicks);
      }
    }
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish([view('a', 1), view('b', 2), view('c', 3)]);
    assert.deepEqual(
      (await engine.cluster.deliver()).map((error) => (error as { code: string }).code),
      ['HANDLER_FAILED'],
    );
    assert.deepEqual(handled, [1]);
    await engine.cluster.deliver();
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(handled, [1, 2, 3]);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(handled, [1, 2, 3]);
  });

  it('moves a poison event of a batch aside, still encrypted, and goes on', async () => {
    const handled: number[] = [];
    @Controller()
    class Views {
      @EncryptedTopic('school.views', { batch: true, events: LessonViewed })
      on(@Payload() events: LessonViewed[]): void {
        if (events.some((event) => event.clicks === 2)) throw new Error('poison');
        handled.push(...events.map((event) => event.clicks));
      }
    }
    const { app, engine } = await startApp([Views], { options: { handlerAttempts: 3 } });
    await app.get(EventPublisher).publish([view('a', 1), view('b', 2), view('c', 3)]);
    const outcomes = [];
    for (let round = 0; round < 4; round++) outcomes.push((await engine.cluster.deliver()).length);
    assert.deepEqual(outcomes, [1, 1, 0, 0]);
    assert.deepEqual(handled, [1, 3]);
    const [original] = engine.cluster.records('school.views').slice(1);
    const [letter, ...more] = engine.cluster.records('school.views.dlt');
    assert.equal(more.length, 0);
    assert.deepEqual(letter?.value, original?.value);
    assert.deepEqual(letter?.key, original?.key);
    assert.equal(letter?.headers[DEAD_LETTER_HEADERS.reason], 'handler-failed');
    assert.equal(letter.headers[DEAD_LETTER_HEADERS.offset], '1');
    assert.equal(letter.headers[EVENT_HEADERS.eventId], original?.headers[EVENT_HEADERS.eventId]);
  });

  it('moves an event that its handler refuses for good aside at the first attempt', async () => {
    const handled: number[] = [];
    @Controller()
    class Views {
      @EncryptedTopic('school.views', { batch: true, events: LessonViewed })
      on(@Payload() events: LessonViewed[]): void {
        if (events.some((event) => event.clicks === 2)) throw new EventRefusedError('clicks is no number');
        handled.push(...events.map((event) => event.clicks));
      }
    }
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish([view('a', 1), view('b', 2), view('c', 3)]);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(handled, [1, 3]);
    const letters = engine.cluster.records('school.views.dlt');
    assert.deepEqual(
      letters.map((letter) => letter.headers[DEAD_LETTER_HEADERS.offset]),
      ['1'],
    );
  });

  it('keeps giving an event to a handler that says "later", or that allows no dead letters', async () => {
    let calls = 0;
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      passing(): void {
        calls++;
        throw Object.assign(new Error('database is away'), { retriable: true });
      }
      @EncryptedTopic('school.views', { groupId: 'stubborn', deadLetter: false, events: LessonViewed })
      stubborn(): void {
        throw new Error('no');
      }
    }
    Reflect.defineMetadata('design:paramtypes', [LessonViewed], Views.prototype, 'passing');
    const { app, engine } = await startApp([Views], { options: { handlerAttempts: 1 } }).catch(
      (error: unknown) => {
        throw error;
      },
    );
    await app.get(EventPublisher).publish(view('a'));
    for (let round = 0; round < 5; round++) assert.equal((await engine.cluster.deliver()).length, 2);
    assert.equal(calls, 5);
    assert.deepEqual(engine.cluster.records('school.views.dlt'), []);
  });

  it('moves a record with a flipped bit aside as an alarm; others go on', async () => {
    const handled: number[] = [];
    @Controller()
    class Views {
      @EncryptedTopic(/school\.views/)
      on(@Payload() event: LessonViewed): void {
        handled.push(event.clicks);
      }
    }
    const { app, engine } = await startApp([Views]);
    await app.get(EventPublisher).publish([view('a', 1), view('b', 2)]);
    const [first] = engine.cluster.records('school.views');
    const text = Buffer.from(first?.value as Uint8Array).toString();
    const { studentId } = JSON.parse(text) as { studentId: string };
    const flipped = (studentId.at(-8) === 'A' ? 'B' : 'A') + studentId.slice(-7);
    const forged = Buffer.from(text.replace(studentId, studentId.slice(0, -8) + flipped));
    engine.cluster.append({
      topic: 'school.views',
      key: first?.key ?? null,
      value: forged,
      headers: first?.headers ?? {},
    });
    engine.cluster.append({ topic: 'school.views', key: null, value: Buffer.from('{}') });
    await app.get(EventPublisher).publish(view('c', 3));
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(handled, [1, 2, 3]);
    const letters = engine.cluster.records('school.views.dlt');
    assert.deepEqual(
      letters.map((letter) => letter.headers[DEAD_LETTER_HEADERS.reason]),
      ['ciphertext', 'headers'],
    );
    assert.ok(letters.some((letter) => Buffer.from(letter.value as Uint8Array).equals(forged)));
    // The pattern matches the dead-letter topic's name too: what lies there is not read again.
    assert.deepEqual(engine.cluster.topics(), ['school.views', 'school.views.dlt']);
  });

  it('moves a forged record aside once, however often its batch comes again', async () => {
    let failures = 3;
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      on(@Payload() _event: LessonViewed): void {
        if (failures-- > 0) throw new Error('not now');
      }
    }
    const { app, engine } = await startApp([Views]);
    engine.cluster.append({ topic: 'school.views', key: null, value: Buffer.from('{}') });
    await app.get(EventPublisher).publish(view('a'));
    for (let round = 0; round < 5; round++) await engine.cluster.deliver();
    assert.equal(engine.cluster.records('school.views.dlt').length, 1);
  });

  it('waits for keys it has not seen, without committing and without a dead letter', async () => {
    const handled: number[] = [];
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      on(@Payload() event: LessonViewed): void {
        handled.push(event.clicks);
      }
    }
    const { app, engine } = await startApp([Views], { options: { handlerAttempts: 1 } });
    await app.get(EventPublisher).publish(view('known', 1));
    // Another process mints a key that this one has not heard of, and then cannot ask for.
    engine.keyLog.hold();
    const elsewhere = await openTestKeyring({ topic: engine.keyTopic });
    const codec = createEventCodec({ keyring: elsewhere, format: createJsonFormat() });
    const { spec, topic } = eventInfoOf(LessonViewed);
    const eventId = eventIdFrom('test', '1');
    for (const record of await codec.encode([{ spec, value: view('new', 2), eventId }])) {
      engine.cluster.append({ topic, ...record });
    }
    await app.get(EventPublisher).publish(view('known', 3));
    engine.keyTopic.down = true;
    for (let round = 0; round < 3; round++) {
      const errors = await engine.cluster.deliver();
      assert.deepEqual(
        errors.map((error) => (error as { code: string }).code),
        ['RECORDS_UNAVAILABLE'],
      );
    }
    assert.deepEqual(handled, [1]);
    engine.keyTopic.down = false;
    engine.keyLog.release();
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(handled, [1, 2, 3]);
    assert.deepEqual(engine.cluster.records('school.views.dlt'), []);
    await elsewhere.close();
  });

  it('makes request-scoped controllers anew for each event', async () => {
    let made = 0;
    @Controller({ scope: Scope.REQUEST })
    class Views {
      constructor() {
        made++;
      }
      @EncryptedTopic('school.views')
      on(@Payload() _event: LessonViewed): void {}
    }
    const { app, engine } = await startApp([Views]);
    const before = made;
    await app.get(EventPublisher).publish([view('a'), view('b')]);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.equal(made - before, 2);
  });

  it('refuses two classes of one type in a group', async () => {
    @EncryptedEvent({ stream: 'school.views', type: 'LessonViewed' })
    class Rival {
      @UserId() studentId!: string;
    }
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      one(@Payload() _event: LessonViewed): void {}
      @EncryptedTopic('school.views')
      two(@Payload() _event: Rival): void {}
    }
    await assert.rejects(startApp([Views]), { code: 'HANDLER_INVALID' });
  });

  it('applies guards, pipes and filters of Nest', async () => {
    const handled: number[] = [];
    const caught: string[] = [];
    @Injectable()
    class OnlyCourseAaa implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        return context.switchToRpc().getData<LessonViewed>().course === 'AAA';
      }
    }
    class Doubling implements PipeTransform {
      transform(value: unknown): unknown {
        return value instanceof LessonViewed
          ? new LessonViewed({ ...value, clicks: value.clicks * 2 })
          : value;
      }
    }
    @Catch()
    class Swallowing implements RpcExceptionFilter {
      catch(error: Error): Observable<never> {
        caught.push(error.message);
        return EMPTY;
      }
    }
    @Controller()
    @UseFilters(new Swallowing())
    class Views {
      @EncryptedTopic('school.views')
      @UseGuards(OnlyCourseAaa)
      @UsePipes(new Doubling())
      on(@Payload() event: LessonViewed): void {
        handled.push(event.clicks);
      }
    }
    const { app, engine } = await startApp([Views]);
    await app
      .get(EventPublisher)
      .publish([view('a', 1), new LessonViewed({ ...view('b', 2), course: 'BBB' })]);
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(handled, [2]);
    assert.deepEqual(caught, ['Forbidden resource']);
  });

  it('refuses a handler that does not say which events it takes', async () => {
    @Controller()
    class Views {
      @EncryptedTopic('school.views')
      on(@Payload() _event: object): void {}
    }
    await assert.rejects(startApp([Views]), { code: 'HANDLER_INVALID' });
  });
});
