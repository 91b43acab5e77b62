import { eventInfoOf } from '@oubliette/nest';
import type { Database } from '@oubliette/persistence';
import type { Disk } from '@oubliette/runtime';
import {
  createDocumentSchemas,
  createRegistrySchemas,
  parseAvroSchema,
  type FramedSchema,
  type RegistryOptions,
  type SchemaSource,
} from '@oubliette/serde';
import { CourseOpened, StudentEnrolled } from '../enrolments/enrolment.js';
import { SampleError } from '../errors.js';
import { LessonViewed } from '../lessons/lesson-viewed.js';
import { StudentRegistered } from '../students/student.js';

const directory = new URL('../../../schemas/', import.meta.url).pathname;

/** The event classes that travel, by the file of their schema. */
const events = {
  'student-registered.avsc': StudentRegistered,
  'course-opened.avsc': CourseOpened,
  'student-enrolled.avsc': StudentEnrolled,
  'lesson-viewed.avsc': LessonViewed,
};

/** The Avro schemas of the sample's events in a registry, all of them registered when this was opened. */
export class EventSchemas {
  private constructor(
    readonly source: SchemaSource,
    private readonly current: readonly FramedSchema[],
  ) {}

  /** Rejects with `SCHEMA_REGISTRY_UNAVAILABLE`, or `SCHEMA_INVALID` where the registry refuses one. */
  static async open(registry: Pick<RegistryOptions, 'url' | 'auth'>, disk: Disk): Promise<EventSchemas> {
    const documents = Object.keys(events).map((name) => ({
      name,
      text: Buffer.from(disk.readFileSync(`${directory}${name}`)).toString('utf8'),
    }));
    const source = createRegistrySchemas({ ...registry, documents: createDocumentSchemas(documents) });
    const current: FramedSchema[] = [];
    for (const event of Object.values(events)) current.push(await source.current(eventInfoOf(event).spec));
    return new EventSchemas(source, current);
  }

  /** Notes in the database which schemas its events may be written with from now on. */
  async remember(database: Database): Promise<void> {
    const known = new Set((await rememberedIn(database)).map(({ frame }) => frame));
    for (const schema of this.current) {
      if (known.has(schema.frame)) continue;
      await database.execute('INSERT INTO sample_event_schemas (frame, fingerprint) VALUES (?, ?)', [
        schema.frame,
        fingerprintOf(schema),
      ]);
    }
  }
}

/**
 * What was written with a registry is read with that one only: without it, or with an empty one, every record would look
 * forged and be set aside. Rejects with `SCHEMA_REGISTRY_MISSING` or `SCHEMA_REGISTRY_MISMATCH`.
 */
export async function checkSchemas(database: Database, schemas: EventSchemas | null): Promise<void> {
  for (const { frame, fingerprint } of await rememberedIn(database)) {
    if (schemas === null)
      throw new SampleError(
        'SCHEMA_REGISTRY_MISSING',
        'Events here were written as Avro with a schema registry: set SCHEMA_REGISTRY_URL to it; to start anew, use another DATA_DIR or DATABASE_URL.',
      );
    const found = await schemas.source.find(frame);
    if (found === null || fingerprintOf(found) !== fingerprint)
      throw new SampleError(
        'SCHEMA_REGISTRY_MISMATCH',
        `The schema registry has not the schema ${frame} that events here were written with: set SCHEMA_REGISTRY_URL to the registry that has it; to start anew, use another DATA_DIR or DATABASE_URL.`,
      );
  }
}

async function rememberedIn(database: Database): Promise<{ frame: string; fingerprint: string }[]> {
  const { rows } = await database.execute('SELECT frame, fingerprint FROM sample_event_schemas');
  return rows.map((row) => ({ frame: String(row['frame']), fingerprint: String(row['fingerprint']) }));
}

/** Of the canonical form: a registry may spell a schema in another way. */
function fingerprintOf({ schema }: FramedSchema): string {
  return parseAvroSchema(schema).fingerprint('sha256').toString('hex');
}
