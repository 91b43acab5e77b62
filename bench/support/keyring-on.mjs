import { openKeyTopic } from '@oubliette/kafka';
import { openKeyring, readEnvironmentMasterKeys } from '@oubliette/keyring';
import { SystemClock, SystemEntropy } from '@oubliette/runtime';

export const binding = { stream: 'lessons', type: 'Viewed', eventId: 'e-1', path: 'name' };

const variable = 'BENCH_MASTER_KEYS';

/** Master keys by their text, as an application is told of them. */
export function masterKeysFor(text) {
  return { place: `env:${variable}`, environment: { [variable]: text } };
}

/** A keyring with a connection of its own to the key topic of the engine at `bootstrap`. */
export async function openKeyringFor({ bootstrap, keyTopic, masterKeys }) {
  const clock = new SystemClock();
  const entropy = new SystemEntropy();
  const { environment } = masterKeysFor(masterKeys);
  const keys = await readEnvironmentMasterKeys(variable, environment, entropy);
  const settings = { brokers: [bootstrap], clientId: 'bench', clock };
  const log = await openKeyTopic(settings, keyTopic);
  return openKeyring({ log, masterKeys: keys, clock, entropy });
}
