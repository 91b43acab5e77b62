import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedDisk } from '@oubliette/runtime/testing';
import { brokerIdOf, isLogDir, listLogDir } from '../../src/log-files/log-dir.js';
import { parseLogFileName } from '../../src/log-files/log-file-name.js';
import { mayHoldTopic, parsePartitionDirectory } from '../../src/log-files/partition-directory.js';

const id = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';

test('a directory is named as Kafka names it', () => {
  const named = (name: string): unknown => {
    const found = parsePartitionDirectory(name);
    return found === null ? null : [found.topic, found.partition, found.state];
  };
  assert.deepEqual(named('a.b_c-d-12'), ['a.b_c-d', 12, 'live']);
  assert.deepEqual(named(`keys-0.${id}-delete`), ['keys', 0, 'deleted']);
  assert.deepEqual(named(`a.b-7.${id}-future`), ['a.b', 7, 'future']);
  assert.deepEqual(named(`keys-3.${id}-stray`), ['keys', 3, 'stray']);
  // A topic may be named like that itself.
  assert.deepEqual(named(`keys-0.${id}-delete-4`), [`keys-0.${id}-delete`, 4, 'live']);
  for (const name of ['keys', 'remote-log-index-cache', '-1', 'keys-', `keys.${id}-delete`])
    assert.equal(parsePartitionDirectory(name), null, name);
});

test('a topic that was cut for the sake of a suffix is any that begins so', () => {
  const topic = 't'.repeat(249);
  const suffix = `-11.${id}-delete`;
  const cropped = parsePartitionDirectory(topic.slice(0, 255 - suffix.length) + suffix);
  assert.ok(cropped?.isCropped);
  assert.ok(mayHoldTopic(cropped, topic));
  assert.ok(!mayHoldTopic(cropped, `u${topic.slice(1)}`));
  const whole = parsePartitionDirectory(`keys-1.${id}-delete`);
  assert.ok(whole !== null && mayHoldTopic(whole, 'keys') && !mayHoldTopic(whole, 'keys-more'));
});

test('a file is named as Kafka names it', () => {
  const stem = '00000000000000000042';
  assert.deepEqual(parseLogFileName(`${stem}.log`), { kind: 'log', state: 'live' });
  for (const kind of ['log', 'index', 'timeindex', 'txnindex', 'snapshot'] as const)
    for (const state of ['deleted', 'cleaned', 'swap'] as const)
      assert.deepEqual(parseLogFileName(`${stem}.${kind}.${state}`), { kind, state });
  for (const name of ['leader-epoch-checkpoint', 'partition.metadata', `${stem}.log.bak`, '42.log'])
    assert.deepEqual(parseLogFileName(name), { kind: 'other', state: 'live' });
});

test('a log directory says whose it is and what it holds, by name, itself first', () => {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync('/logs/keys-1');
  disk.makeDirectorySync('/logs/keys-0/odd');
  disk.makeDirectorySync('/logs/other-0');
  assert.equal(isLogDir(disk, '/logs'), false);
  assert.equal(brokerIdOf(disk, '/logs'), null);
  const write = (path: string, text: string): void => disk.replaceFileSync(path, Buffer.from(text));
  write('/logs/meta.properties', '#\nversion=1\nnode.id=3\ncluster.id=x\n');
  write('/logs/keys-0/b', '');
  write('/logs/keys-0/a', '');
  assert.equal(brokerIdOf(disk, '/logs'), 3);
  write('/logs/meta.properties', 'broker.id=7\nversion=0\n');
  assert.equal(brokerIdOf(disk, '/logs'), 7);
  write('/logs/meta.properties', 'version=1\n');
  assert.equal(brokerIdOf(disk, '/logs'), null);
  const found = listLogDir(disk, '/logs', (of) => of !== null && mayHoldTopic(of, 'keys'));
  assert.deepEqual(
    found.map(({ name, files, directories }) => [name, files, directories]),
    [
      ['', ['meta.properties'], ['keys-0', 'keys-1', 'other-0']],
      ['keys-0', ['a', 'b'], ['odd']],
      ['keys-1', [], []],
    ],
  );
  disk.fail({ operation: 'list', code: 'EACCES', path: (path) => path === '/logs/keys-1' });
  const [, , closed] = listLogDir(disk, '/logs', () => true);
  assert.deepEqual([closed?.name, closed?.files, closed?.unlisted], ['keys-1', [], 'EACCES']);
  assert.throws(() => listLogDir(disk, '/none', () => true), { code: 'ENOENT' });
});
