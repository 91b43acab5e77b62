import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { LessonViewRows } from '../../src/read-models/lesson-view-rows.js';
import { withDatabase } from '../support/database.js';

const row = (n: number, user: number, course = 'C', site: string | number = 's') => ({
  eventId: `event-${n}`,
  userRef: String(user).padStart(32, '0') as UserRef,
  course,
  site,
  day: n,
  clicks: 10 + n,
});

it('an event that comes again, in the same batch or a later one, counts once', () =>
  withDatabase(async (database) => {
    const rows = new LessonViewRows(database);
    const write = (...views: ReturnType<typeof row>[]) =>
      database.transaction((manager) => rows.write(manager, views));
    await write(row(1, 1), row(2, 2), row(1, 1));
    await write(row(2, 2), row(3, 2, 'D', 7), row(4, 2));
    await write(row(4, 2));
    await write();
    assert.deepEqual(await rows.engagements(), [
      { course: 'C', views: 3, clicks: 37, students: 2 },
      { course: 'D', views: 1, clicks: 13, students: 1 },
    ]);
    assert.deepEqual(await rows.engagement('D'), { course: 'D', views: 1, clicks: 13, students: 1 });
    assert.equal(await rows.engagement('E'), null);
    assert.deepEqual(await rows.ofStudent(row(0, 2).userRef), [
      { course: 'C', site: 's', day: 2, clicks: 12 },
      { course: 'C', site: 's', day: 4, clicks: 14 },
      { course: 'D', site: 7, day: 3, clicks: 13 },
    ]);
  }));
