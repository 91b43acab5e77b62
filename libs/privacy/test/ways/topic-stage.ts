import type { TestContext } from 'node:test';
import type { UserRef } from '@oubliette/keyring';
import { ManualClock } from '@oubliette/runtime/testing';
import { silentLogger } from '../../src/logger.js';
import {
  SimulatedKeyTopic,
  SimulatedTopic,
  type SimulatedCluster,
  type SimulatedSettings,
} from '../../src/testing/index.js';
import type { TopicEraser, TopicEraserParts, TopicJob } from '../../src/ways/topic-eraser.js';
import type { PartitionMark, TopicPartitionEvidence } from '../../src/ways/topic-erasure.js';
import { quick } from '../forgetting/forgetting-harness.js';

export interface TopicStageOptions {
  readonly settings?: Partial<SimulatedSettings>;
  readonly cluster?: SimulatedCluster;
  readonly configs?: Readonly<Record<string, string>>;
  readonly patienceMs?: number;
}

/** An eraser over a simulated topic of two partitions, and what its listener hears. */
export class TopicStage {
  readonly clock = new ManualClock();
  readonly logs: SimulatedKeyTopic;
  readonly topic: SimulatedTopic;
  readonly told: string[] = [];
  /** The last that was given, by job. */
  readonly evidence = new Map<string, readonly TopicPartitionEvidence[]>();
  readonly marks = new Map<string, readonly PartitionMark[]>();
  /** Fails what is told, while it is set. */
  outage: Error | null = null;
  onGone: (id: string) => void = () => undefined;
  readonly #patienceMs: number | undefined;
  readonly #erasers: TopicEraser[] = [];

  constructor(t: TestContext, { settings, cluster, configs, patienceMs }: TopicStageOptions = {}) {
    this.logs = new SimulatedKeyTopic(this.clock, { ...quick, ...settings }, 2, {
      brokers: 3,
      minInSync: 2,
      ...cluster,
    });
    this.topic = new SimulatedTopic('orders', this.logs, configs);
    this.#patienceMs = patienceMs;
    t.after(async () => {
      for (const eraser of this.#erasers) await eraser.close();
      this.logs.close();
    });
  }

  eraser<T extends TopicEraser>(make: new (parts: TopicEraserParts) => T): T {
    const tell = async (what: string): Promise<void> => {
      await Promise.resolve();
      if (this.outage !== null) throw this.outage;
      this.told.push(what);
    };
    const made = new make({
      window: this.topic,
      clock: this.clock,
      logger: silentLogger,
      ...(this.#patienceMs !== undefined && { patienceMs: this.#patienceMs }),
      listener: {
        standing: (id, topic, records) => tell(`${id} ${records ?? 'some'} in ${topic}`),
        blocked: (id, _topic, { code }) => tell(`${id} ${code}`),
        marked: async (ids, _topic, marks) => {
          await tell(`${ids.join(' ')} marked`);
          for (const id of ids) this.marks.set(id, marks);
        },
        gone: async (id, _topic, evidence) => {
          await tell(`${id} gone`);
          this.evidence.set(id, evidence);
          this.onGone(id);
        },
      },
    });
    this.#erasers.push(made);
    return made;
  }

  job(id: string, user: number, more: Partial<TopicJob> = {}): TopicJob {
    return {
      id,
      userRef: userRef(user),
      lifecycle: 1,
      forgottenAt: this.clock.now(),
      marks: null,
      evidence: null,
      ...more,
    };
  }

  /** How long, in ms, until it is told, in steps of `stepMs`; null: not within `mostMs`. */
  async until(told: string, mostMs: number, stepMs = 50): Promise<number | null> {
    for (let waited = 0; waited <= mostMs; waited += stepMs) {
      if (this.told.includes(told)) return waited;
      await this.clock.advanceAsync(stepMs);
    }
    return null;
  }
}

/** So many microtasks later. */
export function afterTurns(turns: number, then: () => void): void {
  if (turns === 0) then();
  else queueMicrotask(() => afterTurns(turns - 1, then));
}

export function userRef(user: number): UserRef {
  return user.toString(16).padStart(32, '0') as UserRef;
}

/** A record key of a user's. */
export function keyOf(user: number, lifecycle: number, name: number): string {
  return `${userRef(user)}#${lifecycle}#${name.toString(16).padStart(32, '0')}`;
}
