import { Injectable } from '@nestjs/common';
import type { UserRef } from '@oubliette/keyring';
import { Database, insertRows, type SqlValue } from '@oubliette/persistence';
import type { EntityManager } from 'typeorm';
import type { LessonView } from '../lessons/lesson-viewed.js';

export interface LessonViewRow extends LessonView {
  readonly eventId: string;
  readonly userRef: UserRef;
}

/** What a course was used. `students` are those with a view; forgetting moves none of the figures. */
export interface Engagement {
  readonly course: string;
  readonly views: number;
  readonly clicks: number;
  readonly students: number;
}

const engagementQuery = `SELECT course, views, clicks,
  (SELECT COUNT(*) FROM sample_course_students s WHERE s.course = e.course) AS students
  FROM sample_engagement e`;

/** Read models of lesson views: one row an event, and sums per course that hold nothing of who viewed. */
@Injectable()
export class LessonViewRows {
  constructor(private readonly database: Database) {}

  /** An event that is there already changes nothing, also not the sums. */
  async write(manager: EntityManager, views: readonly LessonViewRow[]): Promise<void> {
    const fresh = await this.#insertNew(manager, views);
    if (fresh.length === 0) return;
    const sums = new Map<string, { views: number; clicks: number }>();
    const pairs = new Map<string, [string, string]>();
    for (const { course, clicks, userRef } of fresh) {
      const sum = sums.get(course) ?? { views: 0, clicks: 0 };
      sums.set(course, { views: sum.views + 1, clicks: sum.clicks + clicks });
      pairs.set(`${userRef} ${course}`, [course, userRef]);
    }
    await insertRows(
      manager,
      'sample_engagement',
      ['course', 'views', 'clicks'],
      sorted(sums).map(([course, sum]) => [course, sum.views, sum.clicks]),
      `ON CONFLICT (course) DO UPDATE SET
         views = sample_engagement.views + excluded.views, clicks = sample_engagement.clicks + excluded.clicks`,
    );
    await insertRows(
      manager,
      'sample_course_students',
      ['course', 'user_ref'],
      sorted(pairs).map(([, pair]) => pair),
      'ON CONFLICT (course, user_ref) DO NOTHING',
    );
  }

  async ofStudent(userRef: UserRef): Promise<LessonView[]> {
    const { rows } = await this.database.execute(
      'SELECT course, site, day, clicks FROM sample_lesson_views WHERE user_ref = ? ORDER BY course, day, site, event_id',
      [userRef],
    );
    return rows.map((row) => ({
      course: String(row['course']),
      site: JSON.parse(String(row['site'])) as string | number,
      day: Number(row['day']),
      clicks: Number(row['clicks']),
    }));
  }

  /** null: nobody has viewed anything of this course. */
  async engagement(course: string): Promise<Engagement | null> {
    const { rows } = await this.database.execute(`${engagementQuery} WHERE course = ?`, [course]);
    return rows[0] === undefined ? null : toEngagement(rows[0]);
  }

  async engagements(): Promise<Engagement[]> {
    const { rows } = await this.database.execute(`${engagementQuery} ORDER BY course LIMIT 1000`);
    return rows.map(toEngagement);
  }

  async #insertNew(manager: EntityManager, views: readonly LessonViewRow[]): Promise<LessonViewRow[]> {
    const values = views.map(({ eventId, userRef, course, site, day, clicks }): SqlValue[] => [
      eventId,
      userRef,
      course,
      JSON.stringify(site),
      day,
      clicks,
    ]);
    const { rows } = await insertRows(
      manager,
      'sample_lesson_views',
      ['event_id', 'user_ref', 'course', 'site', 'day', 'clicks'],
      values,
      'ON CONFLICT (event_id) DO NOTHING RETURNING event_id',
    );
    const inserted = new Set(rows.map((row) => String(row['event_id'])));
    // Of an event that stands twice in the batch, one was inserted.
    return views.filter(({ eventId }) => inserted.delete(eventId));
  }
}

/** In one order everywhere, so that two transactions cannot wait for each other's rows. */
function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function toEngagement(row: Readonly<Record<string, unknown>>): Engagement {
  return {
    course: String(row['course']),
    views: Number(row['views']),
    clicks: Number(row['clicks']),
    students: Number(row['students']),
  };
}
