import { after, before, describe } from 'node:test';
import { erasureWaysContract, nestApplicationContract } from '@oubliette/nest/testing';
import type { RestartableEngine } from '@oubliette/testing';

/** A whole Nest application, from publishing to *erased*. */
export function nestApplicationOn(engine: RestartableEngine): void {
  describe(`the application contract on ${engine.name}`, () => {
    before(() => engine.start());
    after(() => engine.dispose());
    nestApplicationContract(engine.name, () => engine.bootstrap());
    erasureWaysContract(engine.name, () => engine.bootstrap());
  });
}
