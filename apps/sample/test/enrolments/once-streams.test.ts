import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concurrencyConflict } from '@oubliette/event-sourcing';
import { KnownStreams } from '../../src/enrolments/known-streams.js';
import { OnceStreams } from '../../src/enrolments/once-streams.js';

type Event = { readonly type: string; readonly data: object };
type Change = { streamId: string; expectedVersion: number; events: readonly Event[] };
const event = (name: string): Event => ({ type: 'begun', data: { name } });

function make() {
  const versions = new Map<string, number>();
  let lookUps = 0;
  let rivals: string[] = [];
  const streams = new OnceStreams<object, Event>(
    {
      versions: async (ids) => {
        lookUps++;
        return new Map(ids.map((id) => [id, versions.get(id) ?? 0]));
      },
    },
    {
      saveAll: async (changes: readonly Change[]) => {
        const rival = rivals.shift();
        if (rival !== undefined) versions.set(rival, 1);
        for (const { streamId } of changes)
          if (versions.has(streamId)) throw concurrencyConflict(streamId, 0, 1);
        for (const { streamId } of changes) versions.set(streamId, 1);
      },
    },
  );
  const begin = (...names: string[]) => streams.begin(new Map(names.map((name) => [name, event(name)])));
  return {
    streams,
    versions,
    begin,
    lookUps: () => lookUps,
    setRivals: (names: string[]) => (rivals = names),
  };
}

describe('OnceStreams', () => {
  it('begins each stream once and then knows it without looking', async () => {
    const { begin, lookUps, streams } = make();
    assert.deepEqual(await begin('a', 'b'), new Set(['a', 'b']));
    assert.deepEqual(await begin('b', 'c'), new Set(['c']));
    const before = lookUps();
    assert.deepEqual(await begin('a', 'b', 'c'), new Set());
    assert.deepEqual(await streams.missing(['a', 'c']), new Set());
    assert.equal(lookUps(), before);
    assert.deepEqual(await streams.missing(['a', 'd']), new Set(['d']));
  });

  it('begins the rest when somebody else began some at the same time', async () => {
    const { begin, setRivals } = make();
    setRivals(['a']);
    assert.deepEqual(await begin('a', 'b'), new Set(['b']));
  });

  it('gives up when somebody else is always faster', async () => {
    const { begin, setRivals } = make();
    setRivals(['a', 'b', 'c', 'd', 'e', 'f']);
    await assert.rejects(begin('a', 'b', 'c', 'd', 'e', 'f'), { code: 'CONCURRENCY_CONFLICT' });
  });
});

it('KnownStreams forgets the oldest beyond its bound', () => {
  const known = new KnownStreams(2);
  for (const streamId of ['a', 'b', 'c']) known.add(streamId);
  assert.deepEqual(
    ['a', 'b', 'c'].map((streamId) => known.has(streamId)),
    [false, true, true],
  );
});
