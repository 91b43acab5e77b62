import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventSourcingError, replay, specOf, streamIdOf } from '../src/index.js';
import { given } from '../src/testing/index.js';
import { counted, counter, opened, type CounterState } from './support/counter.js';

const open = (state: CounterState) => {
  if (state.open) throw new EventSourcingError('STREAM_ID_INVALID', 'open already');
  return [opened('u')];
};

describe('aggregate', () => {
  it('evolves its state from its events, in pieces as in one go', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (numbers, cut) => {
        const events = numbers.map(counted);
        const at = cut % (events.length + 1);
        const inPieces = replay(counter, events.slice(at), replay(counter, events.slice(0, at)));
        assert.deepEqual(inPieces, replay(counter, events));
        assert.equal(
          inPieces.sum,
          numbers.reduce((a, b) => a + b, 0),
        );
      }),
    );
  });

  it('is tested by given, when, then', () => {
    given(counter).when(open).then(opened('u'));
    given(counter, opened('u')).when(open).thenThrows('STREAM_ID_INVALID');
    given(counter, opened('u'), counted(2))
      .when((state) => [counted(state.sum)])
      .thenState({ open: true, name: 'N', sum: 4 });
    assert.throws(() => given(counter).when(open).then(), assert.AssertionError);
    assert.throws(() => given(counter).when(open).thenThrows('STREAM_ID_INVALID'), assert.AssertionError);
  });

  it('knows the spec of its event types only', () => {
    assert.equal(specOf(counter, 'opened').userIdPath, 'userId');
    for (const type of ['closed', 'constructor', '__proto__', ''])
      assert.throws(() => specOf(counter, type), { code: 'EVENT_TYPE_UNKNOWN' });
  });

  it('makes stream ids of safe parts and names no part that is not', () => {
    assert.equal(streamIdOf(counter, 'ab12', 'AAA-2013J'), 'counter-ab12-AAA-2013J');
    for (const parts of [[], [''], ['a b'], ['x@example.com'], ['a'.repeat(129)], ['a-b', 'c']]) {
      assert.throws(
        () => streamIdOf(counter, ...parts),
        (error: EventSourcingError) =>
          error.code === 'STREAM_ID_INVALID' && !error.message.includes('x@example.com'),
      );
    }
  });
});
