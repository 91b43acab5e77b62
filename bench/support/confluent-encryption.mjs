// Confluent's client-side field encryption for JavaScript, with its registry in memory and its local key service. It is
// installed beside the project when this is asked for, and is no dependency of it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { lessonSchema, lessonViewed } from './avro-events.mjs';

const PACKAGE = '@confluentinc/schemaregistry';
const VERSION = '1.10.1';
const DIRECTORY = resolve('.cache', `confluent-schemaregistry-${VERSION}`);
const BATCH = 5;
const TOPIC = 'lesson-views';
/** 2,688 serialised and 3,378 deserialised a second on a machine like this one, in µs for both. */
const MEASURED_BEFORE = 1e6 / 2688 + 1e6 / 3378;

/** No subjects where the package cannot be had: then what was measured before stands in, and is said to. */
export async function openConfluent({ say }) {
  const confluent = load(say);
  if (confluent === null) return { subjects: {}, measuredBefore: MEASURED_BEFORE };
  confluent.FieldEncryptionExecutor.register();
  confluent.LocalKmsDriver.register();
  return {
    subjects: {
      'Confluent, encrypted': await subjectOf(confluent, { encrypted: true }),
      'Confluent, off': await subjectOf(confluent, { encrypted: false }),
    },
    measuredBefore: MEASURED_BEFORE,
  };
}

function load(say) {
  if (!existsSync(resolve(DIRECTORY, 'node_modules', PACKAGE))) {
    mkdirSync(DIRECTORY, { recursive: true });
    say(`installing ${PACKAGE} ${VERSION}`);
    const options = [
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--loglevel=error',
      '--prefix',
      DIRECTORY,
    ];
    const { status } = spawnSync('npm', ['install', ...options, `${PACKAGE}@${VERSION}`], {
      stdio: 'ignore',
    });
    if (status !== 0) {
      say(`${PACKAGE} cannot be installed here: its rates are those measured before`);
      return null;
    }
  }
  return createRequire(resolve(DIRECTORY, 'index.js'))(PACKAGE);
}

async function subjectOf(confluent, { encrypted }) {
  const { AvroDeserializer, AvroSerializer, SchemaRegistryClient, SerdeType } = confluent;
  const client = SchemaRegistryClient.newClient({ baseURLs: ['mock://'], cacheCapacity: 1000 });
  const tags = encrypted ? { 'confluent:tags': ['PERSONAL'] } : {};
  const schema = lessonSchema((name) => ({ name, type: 'string', ...(name === 'student' ? tags : {}) }));
  const ruleSet = encrypted ? { ruleSet: { domainRules: [rule(confluent)] } } : {};
  const info = { schemaType: 'AVRO', schema: JSON.stringify(schema), ...ruleSet };
  await client.register(`${TOPIC}-value`, info, false);
  const rules = encrypted ? { ruleConfig: { secret: 'a secret of the local key service' } } : {};
  const serializer = new AvroSerializer(client, SerdeType.VALUE, { useLatestVersion: true, ...rules });
  const deserializer = new AvroDeserializer(client, SerdeType.VALUE, rules);
  return {
    events: () => Array.from({ length: BATCH }, (_, index) => lessonViewed(index)),
    encode: async (events) => {
      const records = [];
      for (const event of events) records.push(await serializer.serialize(TOPIC, event));
      return records;
    },
    decode: async (records) => {
      const events = [];
      for (const record of records) events.push(await deserializer.deserialize(TOPIC, record));
      checkThat(encrypted, records.at(-1), events.at(-1));
      return events;
    },
  };
}

function rule({ RuleMode }) {
  return {
    name: 'encrypt-personal-fields',
    kind: 'TRANSFORM',
    mode: RuleMode.WRITEREAD,
    type: 'ENCRYPT',
    tags: ['PERSONAL'],
    params: {
      'encrypt.kek.name': 'benchmark',
      'encrypt.kms.type': 'local-kms',
      'encrypt.kms.key.id': 'benchmark',
    },
    onFailure: 'ERROR,NONE',
  };
}

/** That it does what it is measured for. The e-mail address begins like the user id, and stands in clear. */
function checkThat(encrypted, record, event) {
  const { student } = lessonViewed(BATCH - 1);
  const inClear = record.includes(Buffer.from(`${String.fromCharCode(2 * student.length)}${student}`));
  if (inClear === encrypted || event.student !== student)
    throw new Error('Confluent’s client does not do what is measured.');
}
