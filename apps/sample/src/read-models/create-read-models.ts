import { columnTypes } from '@oubliette/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of the learning platform. Students stand by pseudonym; their personal columns are envelopes. */
export class CreateSampleReadModels1763800100000 implements MigrationInterface {
  readonly name = 'CreateSampleReadModels1763800100000';

  async up(runner: QueryRunner): Promise<void> {
    const { bytes, bigint } = columnTypes(runner);
    await runner.query(`CREATE TABLE sample_students (
      user_ref varchar(64) PRIMARY KEY,
      registered_at ${bigint} NOT NULL,
      id ${bytes},
      name ${bytes},
      email ${bytes},
      gender ${bytes},
      region ${bytes},
      imd_band ${bytes},
      age_band ${bytes},
      disability ${bytes}
    )`);
    await runner.query('CREATE INDEX sample_students_order ON sample_students (registered_at, user_ref)');
    await runner.query(`CREATE TABLE sample_lesson_views (
      event_id varchar(64) PRIMARY KEY,
      user_ref varchar(64) NOT NULL,
      course varchar(64) NOT NULL,
      site text NOT NULL,
      day integer NOT NULL,
      clicks integer NOT NULL
    )`);
    await runner.query('CREATE INDEX sample_lesson_views_user ON sample_lesson_views (user_ref)');
    await runner.query(`CREATE TABLE sample_engagement (
      course varchar(64) PRIMARY KEY,
      views ${bigint} NOT NULL,
      clicks ${bigint} NOT NULL
    )`);
    await runner.query(`CREATE TABLE sample_course_students (
      course varchar(64) NOT NULL,
      user_ref varchar(64) NOT NULL,
      PRIMARY KEY (course, user_ref)
    )`);
    await runner.query(`CREATE TABLE sample_enrolments (
      course varchar(64) NOT NULL,
      user_ref varchar(64) NOT NULL,
      PRIMARY KEY (course, user_ref)
    )`);
    await runner.query('CREATE TABLE sample_import_lines (event_id varchar(64) PRIMARY KEY)');
    await runner.query('CREATE TABLE sample_deployment (fingerprint varchar(64) PRIMARY KEY)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'deployment',
      'import_lines',
      'enrolments',
      'course_students',
      'engagement',
      'lesson_views',
      'students',
    ])
      await runner.query(`DROP TABLE sample_${table}`);
  }
}
