import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Test } from '@nestjs/testing';
import { connectOubliette, PrivacyService } from '@oubliette/nest';
import { openTestEngine, type TestEngine } from '@oubliette/nest/testing';
import type { Database } from '@oubliette/persistence';
import { SystemDisk } from '@oubliette/runtime';
import { AppModule } from '../../src/app.module.js';
import { Page } from '../../src/page/page.js';
import { StudentLookups } from '../../src/read-models/student-lookups.js';
import { StudentRows } from '../../src/read-models/student-rows.js';
import { STUDENTS_TOPIC } from '../../src/students/student.js';
import { StudentsService } from '../../src/students/students.service.js';
import { eventually } from '../support/client.js';
import { withDatabase } from '../support/database.js';

const profile = {
  name: 'Ann',
  email: 'ann@example.org',
  gender: null,
  region: null,
  imdBand: null,
  ageBand: null,
  disability: null,
};

async function start(engine: TestEngine, database: Database) {
  const page = new Page(new SystemDisk());
  const adminToken = 'a-token-of-the-tests-only';
  const module = AppModule.for({ engine, database, adminToken, page, dataDir: '/nowhere' });
  const app = (await Test.createTestingModule({ imports: [module] }).compile()).createNestApplication({
    logger: false,
  });
  await connectOubliette(app);
  await app.init();
  const [privacy, students] = [app.get(PrivacyService), app.get(StudentsService)];
  const listed = async () => {
    const names: string[] = [];
    for await (const { name } of app.get(StudentRows).all()) names.push(name);
    return names.sort();
  };
  const waiting = async () => (await database.execute('SELECT * FROM sample_waiting_students')).rows.length;
  const find = (email: string) => app.get(StudentLookups).findByEmail(email);
  return { app, privacy, students, listed, waiting, find };
}

/** Registers students and waits until their events are in the topic; nothing is delivered yet. */
async function register(
  engine: TestEngine,
  students: StudentsService,
  names: readonly string[],
): Promise<void> {
  const before = engine.cluster.records(STUDENTS_TOPIC).length;
  for (const name of names)
    await students.register(`student-${name}`, { ...profile, name, email: `${name}@example.org` });
  await eventually(() =>
    Promise.resolve(assert.equal(engine.cluster.records(STUDENTS_TOPIC).length, before + names.length)),
  );
}

it('a student who was restricted when the registration came is in the read model once that is lifted', () =>
  withDatabase(async (database) => {
    const engine = await openTestEngine();
    const { app, privacy, students, listed, waiting, find } = await start(engine, database);
    await register(engine, students, ['Ann', 'Bob', 'Cor']);
    for (const id of ['student-Ann', 'student-Cor']) await privacy.restrict(id, 'x');
    assert.deepEqual(await engine.cluster.deliver(), []);
    assert.deepEqual(await listed(), ['Bob']);
    assert.equal(await waiting(), 2);
    await assert.rejects(students.find('student-Ann'), { code: 'USER_RESTRICTED' });
    await privacy.liftRestriction('student-Ann', 'x');
    await eventually(async () => assert.equal(await waiting(), 1));
    assert.deepEqual(await listed(), ['Ann', 'Bob']);
    assert.deepEqual(
      (await find('ann@EXAMPLE.org')).map(({ id }) => id),
      ['student-Ann'],
    );
    await engine.forgetting.request('student-Cor');
    // Whoever is forgotten waits no longer; the next look, at a lifting or a start, finds that.
    await privacy.restrict('student-Bob', 'x');
    await privacy.liftRestriction('student-Bob', 'x');
    await eventually(async () => assert.equal(await waiting(), 0));
    assert.deepEqual(await listed(), ['Ann', 'Bob']);
    await app.close();
  }));

it('what was lifted while nobody was here is caught up with at the next start', () =>
  withDatabase(async (database) => {
    const engine = await openTestEngine();
    const first = await start({ ...engine, close: () => Promise.resolve() }, database);
    await register(engine, first.students, ['Ann']);
    await first.privacy.restrict('student-Ann', 'x');
    await engine.cluster.deliver();
    assert.equal(await first.waiting(), 1);
    await first.app.close();
    await engine.keyring.liftRestriction(engine.keyring.userRef('student-Ann'));
    const second = await start(engine, database);
    await eventually(async () => assert.equal(await second.waiting(), 0));
    assert.deepEqual(await second.listed(), ['Ann']);
    await second.app.close();
  }));
