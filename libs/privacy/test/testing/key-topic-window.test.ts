import { ManualClock } from '@oubliette/runtime/testing';
import { keyTopicWindowContract, SimulatedKeyTopic } from '../../src/testing/index.js';
import { quick } from '../forgetting/forgetting-harness.js';

keyTopicWindowContract('simulated, three brokers', () => {
  const clock = new ManualClock();
  const window = new SimulatedKeyTopic(clock, quick, 1, { brokers: 3, minInSync: 2 });
  const log = window.log();
  return Promise.resolve({
    window,
    append: (partition, records) => log.append(partition, records),
    now: () => clock.now(),
    close: () => Promise.resolve(window.close()),
  });
});
