import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVENT_HEADERS } from '@oubliette/serde';
import {
  EncryptedEvent,
  EventPublisher,
  ForgetUserService,
  Personal,
  eventIdFrom,
  eventInfoOf,
} from '../src/index.js';
import { LessonViewed, StudentMoved, startApp } from './app.js';

const view = (studentId: string, clicks = 1) =>
  new LessonViewed({ studentId, site: 'x', course: 'AAA', clicks });

describe('the event publisher', () => {
  it('publishes with the ids it is given, and random ones otherwise', async () => {
    const { app, engine } = await startApp([]);
    const publisher = app.get(EventPublisher);
    const id = eventIdFrom('import', 'views.csv:1');
    await publisher.publish(view('a'), { eventId: id });
    await publisher.publish([view('a', 1), view('b', 2)], {
      eventId: (event, index) => eventIdFrom('n', `${event.clicks}-${index}`),
    });
    await publisher.publish([view('a'), view('a')]);
    const ids = engine.cluster.records('school.views').map((record) => record.headers[EVENT_HEADERS.eventId]);
    assert.equal(ids[0], id);
    assert.equal(ids[2], eventIdFrom('n', '2-1'));
    assert.equal(new Set(ids).size, 5);
    await assert.rejects(publisher.publish([view('a'), view('b')], { eventId: id }), {
      code: 'PUBLISH_OPTIONS_INVALID',
    });
    await assert.rejects(publisher.publish({ not: 'an event' }), { code: 'EVENT_CLASS_INVALID' });
  });

  it('enqueues in order, and loses only what is refused', async () => {
    const { app, engine } = await startApp([]);
    const publisher = app.get(EventPublisher);
    await publisher.publish(view('gone'));
    await app.get(ForgetUserService).forgetUser('gone');
    publisher.enqueue([view('a'), view('gone')]);
    publisher.enqueue(view('b'));
    await publisher.flush();
    const users = engine.cluster
      .records('school.views')
      .slice(1)
      .map((record) => record.headers[EVENT_HEADERS.user]);
    assert.deepEqual(users, [engine.keyring.userRef('a'), engine.keyring.userRef('b')]);
  });

  it('throws at its bound instead of growing', async () => {
    const { app } = await startApp([]);
    const publisher = app.get(EventPublisher);
    const many = Array.from({ length: 10_001 }, () => view('a'));
    assert.throws(() => publisher.enqueue(many), { code: 'PUBLISH_QUEUE_FULL' });
  });

  it('sends what was enqueued before it closes', async () => {
    const { app, engine } = await startApp([]);
    app.get(EventPublisher).enqueue(view('a'));
    await app.close();
    assert.equal(engine.cluster.records('school.views').length, 1);
  });
});

describe('event ids', () => {
  it('are UUIDs of version 8, the same for the same name', () => {
    const id = eventIdFrom('import', 'file:1');
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(eventIdFrom('import', 'file:1'), id);
    assert.notEqual(eventIdFrom('import', 'file:2'), id);
    assert.notEqual(eventIdFrom('importf', 'ile:1'), id);
  });
});

describe('event classes', () => {
  it('declare stream, topic, type, user and personal paths', () => {
    assert.deepEqual(eventInfoOf(StudentMoved), {
      topic: 'school.views',
      spec: {
        stream: 'school.students',
        type: 'StudentMoved',
        userIdPath: 'studentId',
        personalPaths: ['address.city'],
      },
    });
    assert.equal(eventInfoOf(LessonViewed).topic, 'school.views');
    assert.equal(eventInfoOf(LessonViewed), eventInfoOf(LessonViewed));
  });

  it('inherit declarations and keep their own to themselves', () => {
    @EncryptedEvent({ stream: 'school.views' })
    class LessonReviewed extends LessonViewed {
      @Personal() opinion!: string;
    }
    assert.deepEqual(eventInfoOf(LessonReviewed).spec.personalPaths, ['site', 'opinion']);
    assert.deepEqual(eventInfoOf(LessonViewed).spec.personalPaths, ['site']);
    class Undecorated extends LessonViewed {}
    assert.throws(() => eventInfoOf(Undecorated), { code: 'EVENT_CLASS_INVALID' });
  });

  it('are refused with personal properties of nobody', () => {
    @EncryptedEvent({ stream: 'x' })
    class Lost {
      @Personal() name!: string;
    }
    assert.throws(() => eventInfoOf(Lost), { code: 'EVENT_CLASS_INVALID' });
  });
});
