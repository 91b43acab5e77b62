import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { assertOwnDirectory, keepMetaProperties } from '../../src/topics/meta-properties.js';

const directory = '/data';

function made() {
  const disk = new SimulatedDisk();
  disk.makeDirectorySync(directory);
  return { disk, directory, entropy: new SeededEntropy(1) };
}

test('meta.properties is made once, in the words that Kafka reads, and then stays', () => {
  const parts = made();
  keepMetaProperties(parts, { clusterId: 'c1', nodeId: 7 });
  const text = Buffer.from(parts.disk.readFileSync('/data/meta.properties')).toString();
  assert.match(text, /^version=1\ncluster\.id=c1\nnode\.id=7\ndirectory\.id=\S{22}\n$/);
  keepMetaProperties(parts, { clusterId: 'c1', nodeId: 7 });
  assert.equal(Buffer.from(parts.disk.readFileSync('/data/meta.properties')).toString(), text);
});

test('meta.properties of another cluster, of another node, or garbled is a refusal that names the line', () => {
  const parts = made();
  keepMetaProperties(parts, { clusterId: 'c1', nodeId: 7 });
  const refused = (clusterId: string, nodeId: number, message: RegExp): void =>
    assert.throws(() => keepMetaProperties(parts, { clusterId, nodeId }), {
      code: 'DATA_DIR_CORRUPT',
      message,
    });
  refused('c2', 7, /meta\.properties says cluster\.id=c1 where c2 is expected/);
  refused('c1', 8, /meta\.properties says node\.id=7 where 8 is expected/);
  parts.disk.replaceFileSync('/data/meta.properties', Buffer.from('\u0000garbage'));
  refused('c1', 7, /meta\.properties says version=\(nothing\)/);
});

test('logs without cluster.json are not taken for an empty cluster', () => {
  const { disk } = made();
  assertOwnDirectory(disk, directory, 'cluster.json');
  disk.makeDirectorySync('/data/lost+found');
  assertOwnDirectory(disk, directory, 'cluster.json');
  disk.makeDirectorySync('/data/events-0');
  assert.throws(() => assertOwnDirectory(disk, directory, 'cluster.json'), {
    code: 'DATA_DIR_CORRUPT',
    message: /cluster\.json is missing, yet \/data holds logs \(events-0\)/,
  });
  disk.replaceFileSync('/data/cluster.json', Buffer.from('{}'));
  assertOwnDirectory(disk, directory, 'cluster.json');
});
