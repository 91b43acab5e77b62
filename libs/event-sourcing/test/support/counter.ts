import type { Erasable, EventSpec } from '@oubliette/serde';
import type { AggregateType, DomainEvent } from '../../src/index.js';

export type CounterEvent =
  | DomainEvent<'opened', { userId: Erasable<string>; name: Erasable<string> }>
  | DomainEvent<'counted', { by: number }>;

export interface CounterState {
  readonly open: boolean;
  readonly name: Erasable<string> | null;
  readonly sum: number;
}

const spec = (type: string, userIdPath: string | null, personalPaths: string[]): EventSpec => ({
  stream: 'counters',
  type,
  userIdPath,
  personalPaths,
});

export const counter: AggregateType<CounterState, CounterEvent> = {
  name: 'counter',
  specs: { opened: spec('opened', 'userId', ['name']), counted: spec('counted', null, []) },
  initial: { open: false, name: null, sum: 0 },
  evolve: (state, event) => {
    switch (event.type) {
      case 'opened':
        return { ...state, open: true, name: event.data.name };
      case 'counted':
        return { ...state, sum: state.sum + event.data.by };
    }
  },
  topic: 'com.example.counters',
};

export const opened = (userId: string, name = 'N'): CounterEvent => ({
  type: 'opened',
  data: { userId, name },
});
export const counted = (by: number): CounterEvent => ({ type: 'counted', data: { by } });
