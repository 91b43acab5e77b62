import type { Keyring } from '@oubliette/keyring';
import type { Database } from '@oubliette/persistence';
import { SampleError } from '../errors.js';

/**
 * Ties the database to the key topic whose pseudonyms and envelopes it holds: with another one nothing in it could be
 * read, and offsets of another cluster would be taken for seen. Throws `DEPLOYMENT_MISMATCH`.
 */
export async function checkDeployment(database: Database, keyring: Keyring): Promise<void> {
  // Any fixed text does: its pseudonym differs from deployment to deployment and tells nothing.
  const fingerprint = keyring.userRef('the deployment itself');
  const { rows } = await database.execute('SELECT fingerprint FROM sample_deployment');
  if (rows.length === 0) {
    await database.execute('INSERT INTO sample_deployment (fingerprint) VALUES (?)', [fingerprint]);
    return;
  }
  if (rows.some((row) => row['fingerprint'] === fingerprint)) return;
  throw new SampleError(
    'DEPLOYMENT_MISMATCH',
    'The database belongs to another key topic than the brokers have. Start with the brokers that it was filled from, or with another DATA_DIR or DATABASE_URL.',
  );
}
