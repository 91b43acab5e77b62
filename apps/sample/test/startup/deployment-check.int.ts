import assert from 'node:assert/strict';
import { it } from 'node:test';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { checkDeployment } from '../../src/startup/deployment-check.js';
import { withDatabase } from '../support/database.js';

it('a database belongs to the key topic that it was first opened with', () =>
  withDatabase(async (database) => {
    const topic = new InMemoryKeyTopic();
    const first = await openTestKeyring({ topic });
    await checkDeployment(database, first);
    const again = await openTestKeyring({ topic });
    await checkDeployment(database, again);
    const other = await openTestKeyring({ entropy: new SeededEntropy(99) });
    await assert.rejects(checkDeployment(database, other), { code: 'DEPLOYMENT_MISMATCH' });
    for (const keyring of [first, again, other]) await keyring.close();
  }));
