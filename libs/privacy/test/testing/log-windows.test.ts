import { ManualClock } from '@oubliette/runtime/testing';
import {
  logWindowContract,
  SimulatedKeyTopic,
  SimulatedTopic,
  topicWindowContract,
} from '../../src/testing/index.js';
import { quick } from '../forgetting/forgetting-harness.js';

logWindowContract('simulated, three brokers', () => {
  const clock = new ManualClock();
  const topic = new SimulatedKeyTopic(clock, quick, 1, { brokers: 3, minInSync: 2 });
  return Promise.resolve({
    window: topic,
    append: async (partition, records) => {
      await Promise.resolve();
      return topic.appendRecords(partition, records);
    },
    now: () => clock.now(),
    close: () => {
      topic.close();
      return Promise.resolve();
    },
  });
});

topicWindowContract('simulated, three brokers', () => {
  const logs = new SimulatedKeyTopic(new ManualClock(), quick, 2, { brokers: 3, minInSync: 2 });
  return Promise.resolve({
    window: new SimulatedTopic('orders', logs),
    append: async (partition, records) => {
      await Promise.resolve();
      return logs.appendRecords(partition, records);
    },
    close: () => {
      logs.close();
      return Promise.resolve();
    },
  });
});
