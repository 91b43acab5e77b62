import { after, before, describe } from 'node:test';
import { forgettingContract } from '@oubliette/privacy/testing';
import type { RestartableEngine } from '@oubliette/testing';

/** Forgetting, proved at the bytes of the engine's files. */
export function forgettingOn(engine: RestartableEngine): void {
  describe(`the forgetting contract on ${engine.name}`, () => {
    before(() => engine.start());
    after(() => engine.dispose());
    forgettingContract({
      name: engine.name,
      bootstrap: () => engine.bootstrap(),
      dataDir: () => engine.server.dataDir,
    });
  });
}
