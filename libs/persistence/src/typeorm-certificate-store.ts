import type { CertificateStore, IssuedCertificate } from '@oubliette/privacy';
import type { Database } from './database.js';
import { insertRows, selectIn, type SqlRow } from './sql.js';

const columnNames = ['number', 'erasure_id', 'digest', 'file'];
const select = `SELECT ${columnNames.join(', ')} FROM oubliette_certificates`;

/** The chain of certificates: a number is taken once, and what stands under it stays. */
export class TypeOrmCertificateStore implements CertificateStore {
  constructor(private readonly database: Database) {}

  async last(): Promise<IssuedCertificate | null> {
    const { rows } = await this.database.execute(`${select} ORDER BY number DESC LIMIT 1`);
    return rows[0] === undefined ? null : certificateOf(rows[0]);
  }

  async append(certificates: readonly IssuedCertificate[]): Promise<boolean> {
    try {
      await this.database.transaction(async (manager) => {
        const values = certificates.map(({ number, erasureId, digest, file }) => [
          number,
          erasureId,
          digest,
          file,
        ]);
        const suffix = 'ON CONFLICT (number) DO NOTHING RETURNING number';
        const { rows } = await insertRows(manager, 'oubliette_certificates', columnNames, values, suffix);
        if (rows.length < certificates.length) throw new NumberTaken();
      });
      return true;
    } catch (error) {
      if (error instanceof NumberTaken) return false;
      throw error;
    }
  }

  async latestOf(erasureIds: readonly string[]): Promise<ReadonlyMap<string, IssuedCertificate>> {
    const rows = await this.database.transaction((manager) =>
      selectIn(
        manager,
        (list) =>
          `${select} WHERE number IN (SELECT MAX(number) FROM oubliette_certificates WHERE erasure_id IN (${list}) GROUP BY erasure_id)`,
        [...new Set(erasureIds)],
      ),
    );
    return new Map(rows.map(certificateOf).map((certificate) => [certificate.erasureId, certificate]));
  }

  async list(after: number, limit: number): Promise<IssuedCertificate[]> {
    const { rows } = await this.database.execute(`${select} WHERE number > ? ORDER BY number LIMIT ?`, [
      after,
      limit,
    ]);
    return rows.map(certificateOf);
  }
}

/** Undoes what was inserted beside it. */
class NumberTaken extends Error {}

function certificateOf(row: SqlRow): IssuedCertificate {
  return {
    number: Number(row['number']),
    erasureId: String(row['erasure_id']),
    digest: String(row['digest']),
    file: String(row['file']),
  };
}
