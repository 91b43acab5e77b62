import type { Logger } from '@oubliette/kafka';
import type { MasterKeyPlace } from '@oubliette/keyring';
import { openKafkaEngine, type OublietteEngine, type UserKeyOptions } from '@oubliette/nest';
import type { CertificateSigner, PrivacyStores } from '@oubliette/privacy';
import { createAvroFormat, createJsonFormat, type EventFormat, type SchemaSource } from '@oubliette/serde';

export const KEY_TOPIC = 'com.udacity.user.keys';

/** How soon a forgotten key leaves the disk: seconds here, so that a newcomer sees it happen; minutes in production. */
const timings = { segmentMs: 2_000, maxCompactionLagMs: 2_000, fileDeleteDelayMs: 1_000 };

export interface EngineOptions {
  readonly brokers: readonly string[];
  readonly masterKeys: MasterKeyPlace;
  readonly certificateKey: CertificateSigner;
  readonly stores: PrivacyStores;
  /** null: events travel as JSON. */
  readonly schemas: SchemaSource | null;
  readonly logger: Logger;
  readonly userKeys: UserKeyOptions;
  /** Of the bundled broker; none of other brokers is known. */
  readonly logDirs: readonly string[];
}

/** Opens everything below Nest; the key topic is loaded when it resolves. */
export function openEngine({ masterKeys, schemas, ...options }: EngineOptions): Promise<OublietteEngine> {
  return openKafkaEngine({
    ...options,
    ...(schemas === null ? {} : avro(schemas)),
    masterKeys: { place: masterKeys },
    clientId: 'oubliette-sample',
    keyTopic: { topic: KEY_TOPIC, partitions: 4, ...timings },
  });
}

/** What was written as JSON before there was a registry stays readable. */
function avro(schemas: SchemaSource): { format: EventFormat; alsoReads: EventFormat[] } {
  return { format: createAvroFormat(schemas), alsoReads: [createJsonFormat()] };
}
