import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { sleep } from '@oubliette/runtime';
import { erasureBoundMs, type FilesPass, type FilesReading, type KeyFiles } from '../../src/index.js';
import { silentLogger } from '../../src/logger.js';
import type { NudgeJob } from '../../src/nudger/nudge-job.js';
import { Stage } from './stage.js';

const segments = [{ file: 'keys-0/00000000000000000000.log', bytes: 700, records: 5 }];
const pass: FilesPass = { at: 1, replica: 1, outcome: 'clean', files: 3, bytes: 900, segments };
const clean: FilesReading = { replica: 1, pass, standing: new Map() };
/** With a copy of a segment. */
const copied = (userRef: NudgeJob['userRef']): FilesReading => ({
  ...clean,
  standing: new Map([[userRef, 'keys-0/copy']]),
});

/** Files in which what `standing` says is found. */
class ScriptedFiles implements KeyFiles {
  readonly asked: (readonly [partition: number, users: readonly string[]])[] = [];
  look: KeyFiles['look'] = (partition, users) => {
    this.asked.push([partition, users.map(({ userRef }) => userRef)]);
    return Promise.resolve(this.answer);
  };
  answer: readonly FilesReading[] = [clean];
}

async function staged(t: TestContext, settings: Parameters<typeof Stage.start>[1] = {}) {
  const files = new ScriptedFiles();
  const stage = await Stage.start(t, { ...settings, parts: { ...settings.parts, files } });
  const nudger = stage.nudger();
  const forget = async (userId: string): Promise<NudgeJob> => {
    const job = { ...(await stage.forgotten(userId)), lifecycle: 1 };
    nudger.add(job);
    return job;
  };
  return { stage, files, nudger, forget };
}

test('files are looked at once for everybody, when file.delete.delay.ms has passed, and are in the evidence', async (t) => {
  const { stage, files, forget } = await staged(t);
  const { d } = stage;
  const jobs = [await forget('ada'), await forget('ben')];
  files.look = (partition, users) => {
    files.asked.push([partition, users.map(({ userRef }) => userRef)]);
    assert.ok(!d.topic.holdsKeyOf(jobs[0]!.userRef));
    return Promise.resolve(files.answer);
  };
  for (const id of ['ada', 'ben']) assert.notEqual(await stage.until(`${id} gone`, 8_000), null);
  assert.deepEqual(files.asked, [[0, jobs.map(({ userRef }) => userRef)]]);
  const evidence = stage.evidence.get('ada')!;
  assert.deepEqual(evidence.files, [pass]);
  const lastRead = Math.max(...evidence.passes.map(({ at }) => at));
  assert.ok(evidence.unlinkedAt >= lastRead + 1_000);
});

test('a key that stands in a file holds up its user alone, is told once, and ends it when it is gone', async (t) => {
  const { stage, files, nudger, forget } = await staged(t);
  const { userRef } = await forget('ada');
  await forget('ben');
  files.answer = [copied(userRef)];
  assert.notEqual(await stage.until('ben gone', 8_000), null);
  assert.notEqual(await stage.until('ada KEY_IN_FILE', 8_000), null);
  await stage.d.clock.advanceAsync(60_000);
  assert.deepEqual(
    stage.told.filter((told) => told.startsWith('ada')),
    ['ada KEY_IN_FILE'],
  );
  const [blocked] = nudger.blocked;
  assert.equal(blocked?.jobs, 1);
  assert.match(blocked.message, /^a key stands in keys-0\/copy of broker 1, and in its log no more/);
  const looks = files.asked.length;
  assert.ok(looks > 20 && looks < 150, `${looks} looks`);
  files.answer = [clean];
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  assert.deepEqual([nudger.pending, nudger.blocked], [0, []]);
});

test('what another instance has taken over is blocked here no more', async (t) => {
  const { stage, files, nudger, forget } = await staged(t);
  const { userRef } = await forget('ada');
  files.answer = [copied(userRef)];
  assert.notEqual(await stage.until('ada KEY_IN_FILE', 8_000), null);
  for (const broker of [1, 2, 3]) stage.d.topic.stopCleaner(broker);
  nudger.add({ ...(await stage.forgotten('ben')), isLocal: true });
  nudger.release();
  assert.deepEqual([nudger.pending, nudger.blocked], [1, []]);
});

test('a file that a broker unlinks late is waited for, and nobody is told', async (t) => {
  const { stage, files, forget } = await staged(t);
  const { userRef } = await forget('ada');
  files.look = () => {
    const isFirst = files.asked.push([0, []]) === 1;
    return Promise.resolve(isFirst ? [copied(userRef)] : files.answer);
  };
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  assert.deepEqual([stage.told, files.asked.length], [['ada gone'], 2]);
});

test('a file that cannot be read holds up an erasure for the bound, and is in the evidence then', async (t) => {
  const { stage, files, forget } = await staged(t);
  const unclear: FilesPass = { ...pass, outcome: 'unclear' };
  files.answer = [{ ...clean, pass: unclear }];
  await forget('ada');
  const boundMs = erasureBoundMs(await stage.d.topic.settings())!;
  const took = await stage.until('ada gone', 2 * boundMs, 200);
  assert.ok(took !== null && took >= boundMs && took <= boundMs + 3_000, `${took} of ${boundMs} ms`);
  assert.deepEqual(stage.told, ['ada FILES_UNCLEAR', 'ada gone']);
  assert.deepEqual(stage.evidence.get('ada')?.files, [unclear]);
});

test('files of a replica that is named as unseen hold up nobody, and are in no evidence', async (t) => {
  const { stage, files, forget } = await staged(t, { parts: { patienceMs: 0 } });
  await stage.d.keyring.ensureKeys([stage.d.keyring.userRef('ada')]);
  stage.d.topic.stopBroker(3);
  const { userRef } = await forget('ada');
  const away: FilesReading = { ...copied(userRef), replica: 3, pass: { ...pass, replica: 3 } };
  files.answer = [clean, away];
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  assert.deepEqual(stage.evidence.get('ada')?.unseen, [{ replica: 3, why: 'down' }]);
  assert.deepEqual(stage.evidence.get('ada')?.files, [pass]);
  stage.d.topic.startBroker(3);
  await stage.d.clock.advanceAsync(60_000);
  assert.equal(stage.told.includes('ada seen'), false);
  files.answer = [clean, { ...away, standing: new Map() }];
  assert.notEqual(await stage.until('ada seen', 60_000, 500), null);
  assert.deepEqual(stage.evidence.get('ada')?.files, [pass, { ...pass, replica: 3 }]);
});

test('what is not of the ledger is no reason to read files', async (t) => {
  const { stage, files, nudger } = await staged(t);
  nudger.add(await stage.forgotten('ada'));
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  assert.deepEqual(files.asked, []);
  assert.equal(stage.evidence.get('ada')?.files, undefined);
});

test('reading many files takes at most a fifth of the time', async (t) => {
  const { stage, files, forget } = await staged(t);
  const { clock } = stage.d;
  const { userRef } = await forget('ada');
  files.look = async () => {
    files.asked.push([0, []]);
    await sleep(clock, 2_000);
    return [copied(userRef)];
  };
  await clock.advanceAsync(100_000);
  assert.ok(files.asked.length >= 8 && files.asked.length <= 10, `${files.asked.length} looks`);
});

test('a look that fails is made again', async (t) => {
  const { stage, files, forget } = await staged(t);
  await forget('ada');
  const { look } = files;
  let failures = 2;
  files.look = (...of) => (failures-- > 0 ? Promise.reject(new Error('EIO')) : look(...of));
  assert.notEqual(await stage.until('ada gone', 8_000), null);
  assert.ok(failures < 0);
});

test('what was buried anew, or taken over, while files were read is not told as gone', async (t) => {
  const { stage, files, nudger, forget } = await staged(t);
  const { clock } = stage.d;
  const [ada] = [await forget('ada'), await forget('ben')];
  files.look = async () => {
    files.asked.push([0, []]);
    await sleep(clock, 5_000);
    return files.answer;
  };
  while (files.asked.length === 0) await clock.advanceAsync(50);
  const fencedAt = Math.floor(clock.now());
  nudger.release();
  nudger.add({ ...ada, fencedAt });
  await clock.advanceAsync(5_100);
  assert.deepEqual(stage.told, []);
  assert.notEqual(await stage.until('ada gone', 40_000), null);
  assert.ok(stage.evidence.get('ada')!.passes.every(({ at }) => at > fencedAt));
  assert.deepEqual([stage.told, nudger.pending], [['ada gone'], 0]);
});

test('who waits for a file is blocked while others come and go, and it is warned of once', async (t) => {
  const warned: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warned.push(message) };
  const { stage, files, nudger, forget } = await staged(t, { parts: { logger } });
  const { userRef } = await forget('ada');
  files.answer = [copied(userRef)];
  assert.notEqual(await stage.until('ada KEY_IN_FILE', 8_000), null);
  const since = nudger.blocked[0]?.since;
  for (const id of ['ben', 'eve', 'joe']) {
    await forget(id);
    assert.notEqual(await stage.until(`${id} gone`, 20_000), null);
    assert.deepEqual(
      nudger.blocked.map((one) => [one.code, one.jobs, one.since]),
      [['KEY_IN_FILE', 1, since]],
      id,
    );
  }
  assert.equal(warned.length, 1);
});
