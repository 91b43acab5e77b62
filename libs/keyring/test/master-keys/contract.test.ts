import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { createMasterKeyFile, loadMasterKeyFile, readEnvironmentMasterKeys } from '../../src/index.js';
import { InMemoryMasterKeyService, masterKeysContract } from '../../src/testing/index.js';

masterKeysContract('in memory', async () => {
  const service = new InMemoryMasterKeyService(1);
  return {
    open: () => service.open(),
    openForeign: () => new InMemoryMasterKeyService(2).open(),
    secrets: () => [],
    dispose: async () => {},
  };
});

masterKeysContract('key file', async () => {
  const disk = new SimulatedDisk();
  createMasterKeyFile('/master-keys/keys.json', disk, new SeededEntropy(1));
  createMasterKeyFile('/master-keys/foreign.json', disk, new SeededEntropy(2));
  let seed = 10;
  const load = (name: string) =>
    loadMasterKeyFile(`/master-keys/${name}.json`, disk, new SeededEntropy(seed++));
  return {
    open: () => load('keys'),
    openForeign: () => load('foreign'),
    secrets: () =>
      new TextDecoder().decode(disk.readFileSync('/master-keys/keys.json')).match(/[A-Za-z0-9+/]{40,}=*/g) ??
      [],
    dispose: async () => {},
  };
});

masterKeysContract('environment', async () => {
  const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
  let epochs = [1];
  let seed = 20;
  const read = (text: string) => readEnvironmentMasterKeys('KEYS', { KEYS: text }, new SeededEntropy(seed++));
  return {
    open: () => read(epochs.map((epoch) => `${epoch}:${key(epoch)}`).join(',')),
    openForeign: () => read(`1:${key(99)}`),
    deployment: {
      addEpoch: () => epochs.push(Math.max(...epochs) + 1),
      removeEpoch: (last) => (epochs = epochs.filter((epoch) => epoch > last)),
    },
    secrets: () => epochs.map(key),
    dispose: async () => {},
  };
});
