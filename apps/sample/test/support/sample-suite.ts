import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readSettings } from '../../src/startup/settings.js';
import { startSample, type RunningSample } from '../../src/startup/start-sample.js';
import { Client, eventually } from './client.js';

const ann = {
  id: 'student-ann-0042-4242',
  name: 'Ann Unmistakable-Surname',
  email: 'ann.unmistakable@example.org',
  gender: 'F',
  region: 'Region of Unmistakable Hills',
  imdBand: '90-100%',
  ageBand: '35-55',
  disability: 'N',
};
const ben = { id: 'student-ben-0043', name: 'Ben', email: 'ben@example.org' };
const cor = {
  ...ben,
  id: 'student-cor-0044',
  name: 'Cor Restricted-Surname',
  email: 'cor.restricted@example.org',
};
const view = (day: number, clicks: number, course = 'AAA-2013J') => ({ course, site: '546614', day, clicks });

/** What the sample does on any engine and database. `environment` says where those are. */
export function sampleSuite(
  name: string,
  environment: () => Promise<Readonly<Record<string, string>>>,
): void {
  describe(`the sample on ${name}`, { timeout: 300_000 }, () => {
    const home = mkdtempSync(join(tmpdir(), 'oubliette-sample-'));
    const warnings: string[] = [];
    let sample: RunningSample;
    let client: Client;
    const start = async () => {
      const settings = readSettings({ PORT: '0', SAMPLE_CLASS: 'none', ...(await environment()) }, home);
      sample = await startSample(settings, (line) => warnings.push(line));
      client = new Client(sample.address, sample.adminToken);
    };
    before(start);
    after(async () => {
      await sample.close();
      rmSync(home, { recursive: true });
    });
    const found = async (email: string) => (await client.post('/students/find', { email })).body;
    const engagement = async (course = 'AAA-2013J') =>
      (await client.get(`/courses/${course}/engagement`)).body;

    it('wants the token, but for the page, the health and the courses', async () => {
      const stranger = new Client(sample.address, 'not-the-token-at-all');
      assert.equal((await stranger.post('/students/find', { email: ann.email })).status, 401);
      for (const path of ['/students', '/students/x', '/students/x/lesson-views', '/metrics'])
        assert.equal((await stranger.get(path)).status, 401, path);
      assert.equal((await stranger.post('/students', ann)).status, 401);
      assert.equal((await stranger.importLines([{}])).status, 401);
      assert.equal((await stranger.post('/privacy/users/x/forget')).status, 401);
      assert.equal((await stranger.get('/health')).status, 200);
      assert.equal((await stranger.get('/courses')).status, 200);
      const page = await fetch(sample.address);
      assert.equal(page.status, 200);
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.equal((await page.text()).includes(sample.adminToken), false);
    });

    it('registers students, and refuses what is no student by the name of its field', async () => {
      assert.deepEqual((await client.post('/students', ann)).body, { id: ann.id });
      assert.equal((await client.post('/students', ben)).status, 201);
      assert.deepEqual((await client.get(`/students/${ann.id}`)).body, ann);
      await eventually(async () => assert.equal((await client.get('/students')).body.length, 2));
      assert.deepEqual((await client.get('/students')).body[0], ann);
      const made = await client.post('/students', { name: 'C', email: 'c@example.org' });
      assert.match(String(made.body['id']), /^[0-9a-f-]{36}$/);
      for (const [field, body] of [
        ['name', { ...ann, name: undefined }],
        ['email', { ...ann, email: 7 }],
        ['id', { ...ann, id: '' }],
        ['id', { ...ann, id: 'x'.repeat(10_240) }],
      ] as const) {
        const { status, body: problem } = await client.post('/students', body);
        assert.deepEqual([status, problem['field']], [400, field]);
      }
      const text = JSON.stringify(ann);
      for (const body of ['{"name":', 'null', `${text}x`, Buffer.from(text.replace('@', '\xff'), 'latin1')]) {
        const headers = { authorization: `Bearer ${sample.adminToken}`, 'content-type': 'application/json' };
        const answer = await fetch(`${sample.address}/students`, { method: 'POST', headers, body });
        const { code, field } = (await answer.json()) as Record<string, unknown>;
        assert.deepEqual([answer.status, code, field], [400, 'BODY_INVALID', 'body']);
      }
      const again = await client.post('/students', ann);
      assert.deepEqual([again.status, again.body['code']], [409, 'STUDENT_EXISTS']);
    });

    it('finds a student by e-mail, in any spelling, and by nothing else', async () => {
      for (const email of [ann.email, 'ANN.Unmistakable@EXAMPLE.org'])
        await eventually(async () => assert.deepEqual(await found(email), [ann]));
      for (const email of ['nobody@example.org', 'ann@example.org', ann.email.slice(1)])
        assert.deepEqual(await found(email), []);
      assert.equal((await client.get(`/students/find`)).status, 404, 'never in an address');
      for (const body of [{}, { email: 'no address' }, { email: 7 }]) {
        const { status, body: problem } = await client.post('/students/find', body);
        assert.deepEqual([status, problem['field']], [400, 'email']);
      }
    });

    it('publishes lesson views, shows them, and sums them up per course', async () => {
      for (const [student, day, clicks] of [
        [ann, -3, 4],
        [ann, 0, 5],
        [ben, 1, 6],
      ] as const)
        assert.equal(
          (await client.post(`/students/${student.id}/lesson-views`, view(day, clicks))).status,
          202,
        );
      await eventually(async () =>
        assert.deepEqual((await client.get(`/students/${ann.id}/lesson-views`)).body, [
          view(-3, 4),
          view(0, 5),
        ]),
      );
      await eventually(async () =>
        assert.deepEqual(await engagement(), { course: 'AAA-2013J', views: 3, clicks: 15, students: 2 }),
      );
      const bad = await client.post(`/students/${ann.id}/lesson-views`, { ...view(1, 1), clicks: 'many' });
      assert.deepEqual([bad.status, bad.body['field']], [400, 'clicks']);
      assert.equal((await client.post('/students/nobody/lesson-views', view(1, 1))).status, 404);
      assert.equal((await client.get('/students/nobody')).status, 404);
      assert.equal((await client.get('/students/nobody/lesson-views')).status, 404);
      assert.equal((await client.get('/courses/NONE/engagement')).status, 404);
      assert.equal((await client.post('/privacy/users/nobody/forget')).status, 404);
    });

    it('counts a line of an import once, however often and in whatever company it is sent', async () => {
      const students = [1, 2].map((n) => ({ ...ben, type: 'student', line: `s:${n}`, id: `imported-${n}` }));
      const views = Array.from({ length: 2_500 }, (_, n) => ({
        ...view(n % 100, 2, 'IMP-1'),
        type: 'lesson-view',
        line: `v:${n}`,
        id: `imported-${1 + (n % 2)}`,
      }));
      const first = await client.importLines([...students, ...views.slice(0, 2_000)]);
      assert.deepEqual(first.body, {
        lines: 2_002,
        students: 2,
        lessonViews: 2_000,
        repeated: 0,
        forgotten: 0,
      });
      const both = await Promise.all([
        client.importLines(views),
        client.importLines([...students, ...views]),
      ]);
      assert.deepEqual(
        both.map((answer) => answer.status),
        [200, 200],
      );
      await eventually(async () =>
        assert.deepEqual(await engagement('IMP-1'), {
          course: 'IMP-1',
          views: 2_500,
          clicks: 5_000,
          students: 2,
        }),
      );
      const again = await client.importLines([...students, ...views]);
      assert.deepEqual(again.body, {
        lines: 2_502,
        students: 0,
        lessonViews: 0,
        repeated: 2_502,
        forgotten: 0,
      });
    });

    it('keeps the lines before a bad one and names the bad one', async () => {
      const line = (n: number, id = 'imported-1') => ({
        ...view(1, 1, 'IMP-2'),
        type: 'lesson-view',
        line: `w:${n}`,
        id,
      });
      for (const [lines, field] of [
        [[line(1), line(2), 'no json', line(3)], 'line'],
        [[line(4), line(5), { ...line(6), day: null }], 'day'],
        [[line(7), line(8), line(9, 'nobody'), line(10)], 'id'],
      ] as const) {
        const { status, body } = await client.importLines(lines);
        assert.deepEqual([status, body['field']], [400, field]);
        assert.match(String(body['detail']), /^Line 3: /);
      }
      await eventually(async () => assert.equal((await engagement('IMP-2'))['views'], 6));
    });

    it('restricts a student: kept and counted, and shown to nobody', async () => {
      const at = `/privacy/users/${cor.id}/restriction`;
      const views = `/students/${cor.id}/lesson-views`;
      assert.equal((await client.put(at, { reason: 'accuracy contested' })).status, 404);
      assert.equal((await client.post('/students', cor)).status, 201);
      assert.equal((await client.post(views, view(1, 2, 'RES-1'))).status, 202);
      await eventually(async () => assert.equal((await found(cor.email)).length, 1));
      const restricted = await client.put(at, { reason: 'accuracy contested' });
      assert.deepEqual([restricted.status, restricted.body['restricted']], [200, true]);
      for (const path of [`/students/${cor.id}`, views]) {
        const { status, body } = await client.get(path);
        assert.deepEqual([status, body['code']], [451, 'USER_RESTRICTED']);
      }
      assert.equal((await client.post(views, view(2, 3, 'RES-1'))).status, 202);
      await eventually(async () =>
        assert.deepEqual(await engagement('RES-1'), { course: 'RES-1', views: 2, clicks: 5, students: 1 }),
      );
      assert.deepEqual(await found(cor.email), []);
      const list = (await client.get('/students')).body;
      assert.equal(JSON.stringify(list).includes(cor.name), false);
      assert.ok(list.some(({ id }) => id === ben.id));
      assert.equal((await client.post('/students', cor)).status, 409);
      assert.equal((await client.get(`/privacy/users/${cor.id}`)).body['restricted'], true);
    });

    it('goes on after a restart where it was', async () => {
      await sample.close();
      await start();
      assert.deepEqual((await client.get(`/students/${ann.id}`)).body, ann);
      assert.deepEqual(await found(ann.email), [ann]);
      assert.equal((await client.post(`/students/${ben.id}/lesson-views`, view(2, 1))).status, 202);
      await eventually(async () => assert.equal((await engagement())['views'], 4));
      await eventually(async () =>
        assert.equal((await client.get(`/students/${ben.id}/lesson-views`)).body.length, 2),
      );
    });

    it('shows a student again whose restriction outlived a restart and was lifted', async () => {
      assert.equal((await client.get(`/students/${cor.id}`)).status, 451);
      const lifted = await client.delete(`/privacy/users/${cor.id}/restriction`, { reason: 'settled' });
      assert.equal(lifted.status, 204);
      assert.equal((await client.get(`/students/${cor.id}`)).body['email'], cor.email);
      assert.equal((await client.get(`/students/${cor.id}/lesson-views`)).body.length, 2);
      assert.equal((await found(cor.email)).length, 1);
    });

    it('forgets a student: nothing of hers is left to read, and no sum moves', async () => {
      const before = await engagement();
      const accepted = await client.post(`/privacy/users/${ann.id}/forget`);
      assert.deepEqual([accepted.status, accepted.body['state']], [202, 'forgotten']);
      const { erasureId } = accepted.body;
      assert.equal((await client.post(`/privacy/users/${ann.id}/forget`)).body['erasureId'], erasureId);
      for (const answer of [
        await client.get(`/students/${ann.id}`),
        await client.get(`/students/${ann.id}/lesson-views`),
        await client.post(`/students/${ann.id}/lesson-views`, view(9, 9)),
        await client.post('/students', ann),
      ])
        assert.deepEqual([answer.status, answer.body['code']], [410, 'USER_FORGOTTEN']);
      const line = { ...view(1, 1), type: 'lesson-view', line: 'late', id: ann.id };
      assert.deepEqual((await client.importLines([line])).body, {
        lines: 1,
        students: 0,
        lessonViews: 0,
        repeated: 0,
        forgotten: 1,
      });
      assert.deepEqual(await found(ann.email), []);
      assert.deepEqual(
        (await found(ben.email)).map((student) => student['id']).filter((id) => id === ben.id),
        [ben.id],
      );
      const left = (await client.get('/students')).body;
      assert.equal(JSON.stringify(left).includes(ann.name), false);
      assert.ok(left.some((student) => student['id'] === ben.id));
      assert.deepEqual(await engagement(), before);
      await eventually(async () => {
        const { body } = await client.get(`/privacy/erasures/${String(erasureId)}`);
        assert.equal(body['state'], 'erased');
      }, 60_000);
    });

    it('leaves no personal value in any file of the data directory', async () => {
      await sample.close();
      const found = filesBelow(join(home, 'data')).flatMap((path) => {
        const bytes = readFileSync(path);
        return Object.values(ann)
          .filter((value) => value.length > 12 && bytes.includes(value))
          .map((value) => `${path}: ${value}`);
      });
      assert.deepEqual(found, []);
      await start();
      assert.deepEqual((await client.get(`/students/${ben.id}`)).body['email'], ben.email);
      assert.equal((await client.get(`/students/${ann.id}`)).status, 410);
    });

    it('warned of nothing but the new keys', () => {
      const expected = /^warning: Made (new master keys|a new key for certificates) at /;
      assert.deepEqual(
        warnings.filter((line) => !expected.test(line)),
        [],
      );
    });
  });
}

function filesBelow(directory: string): string[] {
  const paths = readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
  return paths.filter((path) => statSync(path).isFile());
}
