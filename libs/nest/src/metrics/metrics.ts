import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';

/** Figures in Prometheus's text form. Labels are topics, codes and states: never anything about a person. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  readonly #logger = new Logger(Metrics.name);
  readonly published = this.#counter('oubliette_events_published_total', 'Events acknowledged or enqueued.', [
    'topic',
  ]);
  readonly publishFailed = this.#counter('oubliette_events_publish_failed_total', 'Enqueued events lost.', [
    'code',
  ]);
  readonly consumed = this.#counter('oubliette_events_consumed_total', 'Events handled.', ['topic', 'group']);
  readonly erasedEvents = this.#counter(
    'oubliette_events_erased_total',
    'Events handled of a forgotten user.',
    ['topic', 'group'],
  );
  readonly deadLettered = this.#counter(
    'oubliette_events_dead_lettered_total',
    'Records moved aside, encrypted.',
    ['topic', 'reason'],
  );
  readonly alarms = this.#counter('oubliette_alarms_total', 'Signs of tampering.', ['code']);

  constructor(@Inject(OUBLIETTE_ENGINE) engine: OublietteEngine) {
    const { keyring, forgetting, erasureMessages, guardedKeyTopic: keyTopic = '' } = engine;
    keyring.onAlarm(({ code, partition, offset, count }) => {
      this.alarms.inc({ code }, count);
      const more = count === 1 ? '' : `, the last of ${count} more`;
      this.#logger.error(`Alarm ${code} in the key topic, partition ${partition} offset ${offset}${more}.`);
    });
    this.gauge(
      'oubliette_erasure_messages_refused',
      'Records of the topic of erasures that are no message of this deployment, since the start.',
      [],
      (gauge) => gauge.set(erasureMessages.refused),
    );
    this.gauge('oubliette_keys', 'User keys in memory.', [], (gauge) => gauge.set(keyring.size().keys));
    this.gauge('oubliette_users', 'Users known by the key topic.', ['state'], (gauge) => {
      gauge.set({ state: 'active' }, keyring.size().users);
      gauge.set({ state: 'forgotten' }, keyring.size().forgotten);
    });
    this.gauge(
      'oubliette_forgotten_users_returned',
      'Forgotten users that came back, at the last look.',
      [],
      (gauge) => gauge.set(forgetting.lastCheck?.returned ?? 0),
    );
    this.gauge(
      'oubliette_restrictions_amiss',
      'Restrictions of the privacy log that the key topic had lost and that stand again (restored), and those in it that the log knows nothing of (unlogged), at the last look.',
      ['state'],
      (gauge) => {
        const { restrictedAgain = 0, unlogged = 0 } = forgetting.lastCheck?.restrictions ?? {};
        gauge.set({ state: 'restored' }, restrictedAgain);
        gauge.set({ state: 'unlogged' }, unlogged);
      },
    );
    this.gauge(
      'oubliette_erasures_in_danger',
      'Erasures that will not keep their deadline (endangered), or have not (overdue), at the last look.',
      ['urgency'],
      (gauge) => {
        for (const [urgency, count] of Object.entries(forgetting.inDanger())) gauge.set({ urgency }, count);
      },
    );
    this.gauge(
      'oubliette_erasures_blocked',
      'Erasures that wait in a partition of the key topic, or of another that their records are erased from, and why.',
      ['topic', 'partition', 'code'],
      (gauge) => {
        gauge.reset();
        for (const { topic, partition, code, jobs } of forgetting.blocked())
          gauge.set({ topic: topic ?? keyTopic, partition, code }, jobs);
      },
    );
    this.gauge('oubliette_erasures', 'Erasures in the ledger.', ['state'], async (gauge) => {
      for (const [state, count] of Object.entries(await forgetting.counts())) gauge.set({ state }, count);
    });
  }

  #counter<const L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** Adds a figure that is asked for when the metrics are read. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: (gauge: Gauge) => void | Promise<void>,
  ): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => collect(gauge),
    });
  }
}
