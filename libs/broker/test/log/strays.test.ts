import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulatedDisk } from '@oubliette/runtime/testing';
import { openLogManager, type LogManagerOptions } from '../../src/log/log-manager.js';
import { batch, directory, newLog, open, options, put, readAll, type World } from './fixture.js';

const knownId = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Two logs after a crash, one of them with a record that was not synced. */
async function crashed(): Promise<{ world: World; disk: SimulatedDisk }> {
  const world = await open({ segmentBytes: 500, retentionMs: -1 });
  const [known, unknown] = [newLog(world, 'known'), newLog(world, 'unknown')];
  for (let index = 0; index < 12; index++) {
    await put(world, known, `k${index}`, 'x'.repeat(60));
    await put(world, unknown, `u${index}`, 'y'.repeat(60));
  }
  unknown.deleteRecordsBefore(2n);
  await world.clock.advanceAsync(60_000);
  await unknown.append(batch([['unsynced', 'x']]), { durable: false });
  return { world, disk: world.disk.crash(1) };
}

async function start(world: World, disk: SimulatedDisk, more: Partial<LogManagerOptions>) {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const note = (message: string, fields = {}): void => void lines.push({ message, fields });
  const logger = { info: () => undefined, warn: note, error: note };
  const logs = await openLogManager(options({ ...world, disk }, { logger, ...more }));
  return { logs, lines };
}

function contentOf(disk: SimulatedDisk, name: string): string[] {
  const path = `${directory}/${name}`;
  return disk
    .listSync(path)
    .map(
      (entry) => `${entry.name} ${Buffer.from(disk.readFileSync(`${path}/${entry.name}`)).toString('hex')}`,
    )
    .sort();
}

const checkpoint = (disk: SimulatedDisk, name: string): string =>
  Buffer.from(disk.readFileSync(`${directory}/${name}-checkpoint`)).toString();

test('a log of a topic that nobody knows is put aside under a name that says so, unchanged, told at every start', async () => {
  const { world, disk } = await crashed();
  const before = contentOf(disk, 'unknown-0');
  const topicIdOf = (topic: string): string | undefined => (topic === 'known' ? knownId : undefined);
  const first = await start(world, disk, { topicIdOf });
  const names = disk.listSync(directory).map(({ name }) => name);
  const strays = names.filter((name) => /^unknown-0\.[0-9a-f]{32}-stray$/.test(name));
  const [stray = ''] = strays;
  assert.deepEqual([strays.length, names.includes('unknown-0')], [1, false]);
  const told = [{ path: `${directory}/${stray}` }];
  assert.deepEqual(
    first.lines.filter(({ message }) => /belongs to no topic/.test(message)).map(({ fields }) => fields),
    told,
  );
  assert.equal(first.logs.get('unknown', 0), undefined);
  await first.logs.close();
  const second = await start(world, disk, { topicIdOf });
  assert.deepEqual(
    second.lines.map(({ fields }) => fields),
    told,
  );
  await second.logs.close();
  assert.deepEqual(contentOf(disk, stray), before);
});

test('a topic of the name of a log that was put aside begins anew, with nothing of its offsets', async () => {
  const { world, disk } = await crashed();
  const known = new Map([['known', knownId]]);
  const first = await start(world, disk, { topicIdOf: (topic) => known.get(topic) });
  known.set('unknown', 'BBBBBBBBBBBBBBBBBBBBBB');
  const log = first.logs.create('unknown', 0, world.config);
  assert.deepEqual([log.logStartOffset, log.logEndOffset], [0n, 0n]);
  await (
    await log.append(batch([['new', 'v']]), { durable: true })
  ).durable;
  await first.logs.close();
  assert.match(checkpoint(disk, 'recovery-point-offset'), /^unknown 0 1$/m);
  assert.match(checkpoint(disk, 'log-start-offset'), /^unknown 0 0$/m);
  const second = await start(world, disk, { topicIdOf: (topic) => known.get(topic) });
  const again = second.logs.get('unknown', 0);
  assert.equal(again && (await readAll(again)).length, 1);
  await second.logs.close();
});

test('logs of a topic that is being deleted are opened without an id, to be removed', async () => {
  const { world, disk } = await crashed();
  const isDeleting = (): boolean => true;
  const { logs, lines } = await start(world, disk, { topicIdOf: () => undefined, isDeleting });
  await logs.remove('known', [0]);
  const names = disk.listSync(directory).map(({ name }) => name);
  assert.deepEqual([names.includes('known-0'), names.some((name) => /-stray$/.test(name))], [false, false]);
  assert.deepEqual(
    lines.filter(({ message }) => /no topic/.test(message)),
    [],
  );
  await logs.close();
});
