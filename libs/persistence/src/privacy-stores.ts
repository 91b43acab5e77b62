import type { PrivacyStores } from '@oubliette/privacy';
import type { Database } from './database.js';
import { TypeOrmAcknowledgementStore } from './typeorm-acknowledgement-store.js';
import { TypeOrmCertificateStore } from './typeorm-certificate-store.js';
import { TypeOrmErasureStore } from './typeorm-erasure-store.js';
import { TypeOrmLeaseStore } from './typeorm-lease-store.js';
import { TypeOrmPrivacyLog } from './typeorm-privacy-log.js';

/** Everything that privacy keeps, in one database. */
export function privacyStores(database: Database): PrivacyStores {
  return {
    erasures: new TypeOrmErasureStore(database),
    certificates: new TypeOrmCertificateStore(database),
    log: new TypeOrmPrivacyLog(database),
    // One process owns an embedded database.
    ...(database.dialect === 'postgres' ? { leases: new TypeOrmLeaseStore(database) } : {}),
    acknowledgements: new TypeOrmAcknowledgementStore(database),
  };
}
