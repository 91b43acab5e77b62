import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import type { ContractKeyrings } from '../src/testing/index.js';

/** Two keyrings on one key topic in memory, as two processes would have them. */
export async function openContractKeyrings(): Promise<ContractKeyrings> {
  const topic = new InMemoryKeyTopic();
  const writer = await openTestKeyring({ topic });
  const log = topic.open();
  const reader = await openTestKeyring({ topic, log });
  return {
    writer,
    reader,
    setDelayed: (delayed) => (delayed ? log.hold() : log.release()),
    close: async () => {
      await reader.close();
      await writer.close();
    },
  };
}
