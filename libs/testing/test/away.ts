import type { KafkaSettings, KeyTopicSettings } from '@oubliette/kafka';
import { openCuttableKeyTopic, type CuttableLink } from '@oubliette/kafka/testing';
import { openKeyring, type Alarm, type Keyring } from '@oubliette/keyring';
import { testMasterKeys } from '@oubliette/keyring/testing';
import { SystemClock, SystemEntropy } from '@oubliette/runtime';
import { instead } from './instead.js';

const clock = new SystemClock();

/** Another instance of the application, whose way to the key topic can be cut. */
export class Away {
  readonly alarms: Alarm[] = [];

  private constructor(
    readonly reader: Keyring,
    readonly link: CuttableLink,
    private readonly restarted: readonly number[],
  ) {
    reader.onAlarm((alarm) => void this.alarms.push(alarm));
  }

  static async open(kafka: KafkaSettings, keyTopic: KeyTopicSettings): Promise<Away> {
    const { topic, link } = await openCuttableKeyTopic(kafka, keyTopic);
    const restarted: number[] = [];
    const reader = await openKeyring({
      log: instead(topic, {
        follow: (listener) =>
          topic.follow({
            records: (records) => listener.records(records),
            restarted: (partition) => {
              restarted.push(partition);
              listener.restarted(partition);
            },
            replayed: (partition) => listener.replayed(partition),
          }),
      }),
      masterKeys: await testMasterKeys(),
      clock,
      entropy: new SystemEntropy(),
      leaseMs: 1_000,
    });
    return new Away(reader, link, restarted);
  }

  /** How often what was heard was thrown away and read anew. */
  get restarts(): number {
    return this.restarted.length;
  }

  close(): Promise<void> {
    return this.reader.close();
  }
}
