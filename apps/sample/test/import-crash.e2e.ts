import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, eventually } from './support/client.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
const count = 9_000;
const chunk = 1_500;

const student = { type: 'student', line: 's', id: 'one', name: 'One', email: 'one@example.org' };
const lines = [
  student,
  ...Array.from({ length: count }, (_, n) => ({
    type: 'lesson-view',
    line: `f:${n}`,
    id: 'one',
    course: 'C',
    site: 's',
    day: n % 300,
    clicks: 3,
  })),
];

/** Starts the sample as a process; resolves when it says that it is ready. */
async function start(home: string, after: (end: () => void) => void) {
  const env = { ...process.env, PORT: '0', SAMPLE_CLASS: 'none' };
  const child = spawn(process.execPath, [main], { cwd: home, env, stdio: ['ignore', 'pipe', 'inherit'] });
  after(() => void child.kill('SIGKILL'));
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  for await (const line of createInterface(child.stdout)) {
    const address = /^ready (\S+)$/.exec(line)?.[1];
    if (address === undefined) continue;
    const token = readFileSync(join(home, 'data', 'admin-token'), 'utf8').trim();
    return { child, gone, client: new Client(address, token) };
  }
  throw new Error(`The sample ended with ${await gone} before it was ready.`);
}

it('loses and doubles nothing when it is killed during an import', { timeout: 300_000 }, async (test) => {
  const home = mkdtempSync(join(tmpdir(), 'oubliette-crash-'));
  let acknowledged = 0;
  for (let kills = 0; acknowledged < lines.length;) {
    const { child, gone, client } = await start(home, (end) => test.after(end));
    const next = () => client.importLines(lines.slice(acknowledged, acknowledged + chunk));
    if (kills < 2) {
      // One request is answered, and the process dies somewhere in the next one.
      if (kills > 0) assert.equal((await next()).status, 200);
      if (kills > 0) acknowledged += chunk;
      const doomed = next().then(
        (answer) => answer.status,
        () => 'lost',
      );
      setTimeout(() => child.kill('SIGKILL'), 20 + 60 * kills);
      if ((await doomed) === 200) acknowledged += chunk;
      await gone;
      kills++;
      continue;
    }
    for (; acknowledged < lines.length; acknowledged += chunk) assert.equal((await next()).status, 200);
    // Everything once more: nobody can know what was counted before the last crash.
    const again = await client.importLines(lines);
    assert.deepEqual(
      [again.body['repeated'], again.body['lessonViews'], again.body['students']],
      [lines.length, 0, 0],
    );
    await eventually(async () =>
      assert.deepEqual((await client.get('/courses/C/engagement')).body, {
        course: 'C',
        views: count,
        clicks: 3 * count,
        students: 1,
      }),
    );
    child.kill('SIGTERM');
    assert.equal(await gone, 0);
  }
  rmSync(home, { recursive: true });
});
