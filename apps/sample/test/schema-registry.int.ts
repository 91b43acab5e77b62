import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { startFakeRegistry, type FakeRegistry } from '@oubliette/serde/testing';
import { readSettings } from '../src/startup/settings.js';
import { startSample, type RunningSample } from '../src/startup/start-sample.js';
import { readTopics } from './real-data/raw-topics.js';
import { Client, eventually } from './support/client.js';

const cleo = { id: 'student-cleo-0044', name: 'Cleo', email: 'cleo@example.org', region: 'Wales' };
const view = (day: number) => ({ course: 'REG-1', site: day % 2 === 0 ? 7 : 'seven', day, clicks: 3 });

describe('a sample that is given a schema registry', { timeout: 300_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'oubliette-sample-registry-'));
  let registry: FakeRegistry;
  let sample: RunningSample | null = null;
  const start = async (environment: Record<string, string>): Promise<Client> => {
    const settings = readSettings({ PORT: '0', SAMPLE_CLASS: 'none', ...environment }, home);
    sample = await startSample(settings, () => undefined);
    return new Client(sample.address, sample.adminToken);
  };
  before(async () => {
    registry = await startFakeRegistry();
  });
  afterEach(async () => {
    await sample?.close();
    sample = null;
  });
  after(async () => {
    await registry.close();
    rmSync(home, { recursive: true });
  });
  const seesViews = async (client: Client, days: readonly number[]) => {
    await eventually(async () =>
      assert.deepEqual((await client.get(`/students/${cleo.id}/lesson-views`)).body, days.map(view)),
    );
    const { body } = await client.get('/courses/REG-1/engagement');
    assert.deepEqual(body, { course: 'REG-1', views: days.length, clicks: 3 * days.length, students: 1 });
  };

  it('refuses to start while the registry cannot be reached', async () => {
    const gone = await startFakeRegistry();
    await gone.close();
    await assert.rejects(start({ SCHEMA_REGISTRY_URL: gone.url }), {
      code: 'SCHEMA_REGISTRY_UNAVAILABLE',
      message: /ECONNREFUSED.*check its URL and that it runs/,
    });
  });

  it('has written JSON before', async () => {
    const client = await start({});
    assert.equal((await client.post('/students', cleo)).status, 201);
    assert.equal((await client.post(`/students/${cleo.id}/lesson-views`, view(1))).status, 202);
    await seesViews(client, [1]);
  });

  it('writes Avro from then on, and reads what was JSON as before', async () => {
    const client = await start({ SCHEMA_REGISTRY_URL: registry.url });
    assert.deepEqual([...registry.subjects.keys()].sort(), [
      'com.udacity.enrolments-CourseOpened',
      'com.udacity.enrolments-StudentEnrolled',
      'com.udacity.lesson.views-LessonViewed',
      'com.udacity.students-StudentRegistered',
    ]);
    // From the event store, which holds it as JSON: an aggregate with events of both formats is one.
    assert.equal((await client.post('/students', cleo)).body['code'], 'STUDENT_EXISTS');
    assert.equal((await client.post(`/students/${cleo.id}/lesson-views`, view(2))).status, 202);
    assert.equal((await client.post(`/students/${cleo.id}/lesson-views`, view(-3))).status, 202);
    await seesViews(client, [-3, 1, 2]);
    const values = (await readTopics(sample!.brokers[0]!, /^com\.udacity\.lesson\.views$/)).map(
      (record) => record.value!,
    );
    const id = registry.subjects.get('com.udacity.lesson.views-LessonViewed')!;
    assert.deepEqual(
      values.map((value) =>
        value[0] === 0x7b ? 'json' : value.readUInt8(0) === 0 && value.readUInt32BE(1) === id,
      ),
      ['json', true, true],
    );
  });

  it('reads both after a restart, and forgets both', async () => {
    const client = await start({ SCHEMA_REGISTRY_URL: registry.url });
    await seesViews(client, [-3, 1, 2]);
    assert.equal((await client.post(`/privacy/users/${cleo.id}/forget`)).status, 202);
    assert.equal((await client.get(`/students/${cleo.id}`)).body['code'], 'USER_FORGOTTEN');
  });

  it('does not start without the registry, or with another one: its records would look forged', async () => {
    await assert.rejects(start({}), { code: 'SCHEMA_REGISTRY_MISSING', message: /set SCHEMA_REGISTRY_URL/ });
    const other = await startFakeRegistry();
    try {
      // Its first schema is another one, so that all numbers mean something else.
      const shifted = await fetch(`${other.url}/subjects/other/versions`, {
        method: 'POST',
        body: JSON.stringify({ schema: '"string"' }),
      });
      assert.equal(shifted.status, 200);
      await assert.rejects(start({ SCHEMA_REGISTRY_URL: other.url }), { code: 'SCHEMA_REGISTRY_MISMATCH' });
    } finally {
      await other.close();
    }
  });
});
