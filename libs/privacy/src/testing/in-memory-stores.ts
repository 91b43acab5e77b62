import type { PrivacyStores } from '../ports.js';
import { InMemoryAcknowledgementStore } from './in-memory-acknowledgement-store.js';
import { InMemoryCertificateStore } from './in-memory-certificate-store.js';
import { InMemoryErasureStore } from './in-memory-erasure-store.js';
import { InMemoryPrivacyLog } from './in-memory-privacy-log.js';

/** All that privacy keeps, in memory. */
export class InMemoryStores implements PrivacyStores {
  /** Put another in its place for a database that was lost. */
  erasures = new InMemoryErasureStore();
  readonly certificates = new InMemoryCertificateStore();
  readonly log = new InMemoryPrivacyLog();
  readonly acknowledgements = new InMemoryAcknowledgementStore();
}
