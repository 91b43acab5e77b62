import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBatch } from '@oubliette/protocol';
import { ErasureVerifier, kidFingerprint, type Erasure, type VerifierParts } from '../../src/index.js';
import { Deployment } from '../forgetting/forgetting-harness.js';
import { KEY_TOPIC, LogDirFixture, keyRecord, batch, stem } from './log-fixture.js';

interface Stage {
  readonly deployment: Deployment;
  readonly erasure: Erasure;
  readonly partition: number;
  readonly kid: string;
  readonly fixture: LogDirFixture;
  verifier(parts?: Partial<VerifierParts>): ErasureVerifier;
}

/** A user with two keys was forgotten a moment ago; the bytes still stand. */
async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
  const deployment = await Deployment.start();
  const { keyring, topic, clock } = deployment;
  try {
    await deployment.enrol('ann', 'bob');
    const userRef = keyring.userRef('ann');
    await keyring.rotate([userRef]);
    const [listed] = [...keyring.list()].filter((user) => user.userRef === userRef);
    const { erasureId } = await deployment.service().request('ann');
    const partition = keyring.partitionOf(userRef);
    const fixture = new LogDirFixture();
    const replicas = { leader: 1, replicas: [3, 1, 2], isr: [1, 3] };
    const partitions = Array.from({ length: topic.partitionCount }, (_, index) => ({
      partition: index,
      ...replicas,
    }));
    await body({
      deployment,
      erasure: await deployment.erasure(erasureId),
      partition,
      kid: listed?.kids[0] ?? '',
      fixture,
      verifier: (parts) =>
        new ErasureVerifier({
          keyring,
          log: topic.log(),
          admin: {
            describeTopics: (names) =>
              Promise.resolve(names.map((name) => ({ name, partitions, configs: {} }))),
          },
          disk: fixture.disk,
          clock,
          keyTopic: KEY_TOPIC,
          ...parts,
        }),
    });
  } finally {
    await deployment.stop();
  }
}

/** What stands in the simulated topic, as a segment. */
function segment({ deployment, partition }: Stage): Uint8Array {
  const records = deployment.topic.records(partition).map(({ key, value, timestamp, offset }) => ({
    key: Buffer.from(key),
    value,
    timestamp: BigInt(timestamp),
    offsetDelta: Number(offset),
  }));
  return encodeBatch({ records });
}

test('keys remain until the cleaner took them, by the log and by the files', () =>
  onStage(async (stage) => {
    const { deployment, erasure, partition, kid, fixture } = stage;
    const file = `keys-${partition}/${stem(0)}.log`;
    fixture.write(file, segment(stage));
    const verifier = stage.verifier({ logDirs: ['/logs'] });
    const before = await verifier.verify(erasure);
    assert.deepEqual(
      [before.erasureId, before.state, before.verdict],
      [erasure.erasureId, 'forgotten', 'remains'],
    );
    assert.equal(before.checkedAt, deployment.clock.now());
    assert.deepEqual([before.log.keys.total, before.log.tombstones, before.log.partition], [2, 2, partition]);
    const fingerprint = kidFingerprint(kid);
    assert.ok(before.log.keys.first.some((key) => key.kid === fingerprint && key.lifecycle === 1));
    assert.deepEqual(
      before.files?.keys.first.map(({ kid: of, offset }) => [of, offset]),
      before.log.keys.first.map(({ kid: of, offset }) => [of, offset]),
    );

    assert.ok((await deployment.untilErased(erasure.erasureId)) !== null);
    // The log is clean, a forgotten copy of the file is not.
    fixture.rename(file, `${file}.deleted`);
    fixture.write(file, segment(stage));
    const erased = await deployment.erasure(erasure.erasureId);
    const copy = await verifier.verify(erased);
    assert.deepEqual([copy.log.keys.total, copy.files?.keys.total, copy.verdict], [0, 2, 'remains']);
    fixture.disk.removeFileSync(`/logs/${file}.deleted`);
    const after = await verifier.verify(erased);
    assert.deepEqual([after.state, after.verdict, after.log.tombstones], ['erased', 'clean', 2]);
    assert.equal(after.log.later, 0);
    const { firstOffset, lastOffset, records } = after.log;
    const standing = deployment.topic.records(partition).map(({ offset }) => `${offset}`);
    assert.deepEqual([firstOffset, lastOffset, records], [standing[0], standing.at(-1), standing.length]);

    // The user comes back: keys of another lifecycle.
    await deployment.keyring.beginLifecycle(erased.userRef);
    const anew = await verifier.verify(erased);
    assert.deepEqual([anew.verdict, anew.log.later], ['clean', 1]);
  }));

test('each replica is named, with what of it was seen', () =>
  onStage(async (stage) => {
    const seen = async (logDirs: readonly string[]) => {
      const { replicas } = await stage.verifier({ logDirs }).verify(stage.erasure);
      return replicas.map(({ broker, isLeader, isInSync, seen: what }) => [broker, isLeader, isInSync, what]);
    };
    const blind = [
      [1, true, true, 'log'],
      [2, false, false, 'nothing'],
      [3, false, true, 'nothing'],
    ];
    assert.deepEqual(await seen([]), blind);
    // A log directory of broker 1 without the partition says nothing of it.
    assert.deepEqual(await seen(['/logs']), blind);
    for (const broker of [1, 3]) {
      stage.fixture.disk.makeDirectorySync(`/of-${broker}/keys-${stage.partition}`);
      const meta = Buffer.from(`version=1\nnode.id=${broker}\n`);
      stage.fixture.disk.replaceFileSync(`/of-${broker}/meta.properties`, meta);
    }
    assert.deepEqual(await seen(['/of-1', '/of-3', '/logs']), [
      [1, true, true, 'log and files'],
      [2, false, false, 'nothing'],
      [3, false, true, 'files'],
    ]);
  }));

test('without log directories there are no files, and the log alone decides', () =>
  onStage(async ({ verifier, erasure, deployment }) => {
    assert.ok((await deployment.untilErased(erasure.erasureId)) !== null);
    const { files, verdict } = await verifier().verify(erasure);
    assert.deepEqual([files, verdict], [null, 'clean']);
  }));

test('log directories may be named in the question, once each, where they are those of a broker', () =>
  onStage(async ({ verifier, erasure, fixture, partition }) => {
    fixture.write(`keys-${partition}/${stem(0)}.log`, batch(0, [keyRecord(5)]));
    fixture.disk.makeDirectorySync('/secrets');
    const one = verifier({ logDirs: ['/logs'] });
    const { files } = await one.verify(erasure, { logDirs: ['/logs/../logs', '/logs'] });
    assert.deepEqual(
      files?.logDirs.map(({ logDir }) => logDir),
      ['/logs'],
    );
    for (const logDirs of [['/secrets'], ['/none'], ['logs'], Array.from({ length: 65 }, () => '/logs')])
      await assert.rejects(one.verify(erasure, { logDirs }), { code: 'LOG_DIR_INVALID' });
    // One that was set up and is gone is told of, not refused.
    const lost = await verifier({ logDirs: ['/none'] }).verify(erasure);
    assert.equal(lost.files?.logDirs[0]?.unreadable, 'ENOENT');
  }));

test('other topics are looked at when that is asked for', () =>
  onStage(async (stage) => {
    const { verifier, erasure, deployment, fixture } = stage;
    fixture.write(`mirrored-0/${stem(0)}.log`, segment(stage));
    assert.ok((await deployment.untilErased(erasure.erasureId)) !== null);
    const one = verifier({ logDirs: ['/logs'] });
    assert.equal((await one.verify(erasure)).verdict, 'clean');
    assert.equal((await one.verify(erasure, { everyTopic: true })).verdict, 'remains');
  }));

test('one verification at a time, and none after the end', () =>
  onStage(async ({ verifier, erasure }) => {
    const one = verifier();
    const running = one.verify(erasure);
    await assert.rejects(one.verify(erasure), { code: 'VERIFICATION_BUSY' });
    await running;
    const last = assert.rejects(one.verify(erasure), { code: 'VERIFICATION_CLOSED' });
    await one.close();
    await last;
    await assert.rejects(one.verify(erasure), { code: 'VERIFICATION_CLOSED' });
  }));
