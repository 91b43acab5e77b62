import assert from 'node:assert/strict';
import { replay, type AggregateType, type DomainEvent } from '../aggregate.js';

/** Given events, when a decision is taken, then these events (or this error code) follow. */
export function given<State, E extends DomainEvent>(
  aggregate: AggregateType<State, E>,
  ...past: readonly E[]
) {
  return {
    when: (decide: (state: State, version: number) => readonly E[]) => {
      const run = () => decide(replay(aggregate, past), past.length);
      return {
        /** Compares types and data; ids that the decision leaves to the repository are not there yet. */
        then: (...expected: readonly E[]): void => assert.deepEqual(run(), expected),
        thenThrows: (code: string): void => assert.throws(run, { code }),
        thenState: (expected: State): void =>
          assert.deepEqual(replay(aggregate, [...past, ...run()]), expected),
      };
    },
  };
}
