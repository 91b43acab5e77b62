// Our serializer path on an Avro event of 200 bytes: the keyring in memory, its key log too; beside it the keyring that encrypts
// nothing. Of one field: the user id, which always travels encrypted; of two: an e-mail address as well.
import { randomUUID } from 'node:crypto';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { createAvroFormat, createDocumentSchemas, createEventCodec } from '@oubliette/serde';
import { PlainKeyring } from './plain-keyring.mjs';

const BATCH = 100;
const USERS = 10;

/** The event without encryption: 200 bytes of Avro. `fields` are the encrypted ones. */
export function lessonViewed(index) {
  return {
    student: `student-${1000 + (index % USERS)}`,
    email: `student-${1000 + (index % USERS)}@example.org`,
    course: 'introduction-to-formal-logic',
    lesson: 'lesson-7-on-quantifiers-and-their-scope',
    seconds: 371 + index,
    device: 'web/firefox/desktop/linux',
    note: 'watched to the end at 1.25 times the speed, with subtitles',
  };
}

/** `of(name)` gives the type of a field that may be encrypted. */
export function lessonSchema(of) {
  const plain = ['course', 'lesson', 'device', 'note'].map((name) => ({ name, type: 'string' }));
  const fields = [of('student'), of('email'), ...plain, { name: 'seconds', type: 'int' }];
  return { type: 'record', name: 'LessonViewed', fields };
}

export async function openOurs() {
  const keyring = await openTestKeyring();
  const off = new PlainKeyring();
  const one = ['student'];
  const two = ['student', 'email'];
  return {
    subjects: {
      'one field': inBatches(keyring, one),
      'one field, off': inBatches(off, one),
      'one event a call': oneByOne(keyring, one),
      'one event a call, off': oneByOne(off, one),
      'two fields': inBatches(keyring, two),
      'two fields, off': inBatches(off, two),
    },
    close: () => keyring.close(),
  };
}

function codecOf(keyring, encrypted) {
  const schema = lessonSchema((name) => ({
    name,
    type: encrypted.includes(name)
      ? { type: 'bytes', logicalType: 'oubliette-encrypted', of: 'string' }
      : 'string',
  }));
  const schemas = createDocumentSchemas([{ name: 'lesson-viewed', text: JSON.stringify(schema) }]);
  const spec = {
    stream: 'lesson-views',
    type: 'LessonViewed',
    userIdPath: 'student',
    personalPaths: encrypted.filter((name) => name !== 'student'),
  };
  return { spec, codec: createEventCodec({ keyring, format: createAvroFormat(schemas) }) };
}

function inBatches(keyring, encrypted) {
  const { spec, codec } = codecOf(keyring, encrypted);
  return {
    events: () => eventsOf(spec),
    encode: (events) => codec.encode(events),
    decode: async (records) => checked(await codec.decode(spec, records)),
  };
}

function oneByOne(keyring, encrypted) {
  const { spec, codec } = codecOf(keyring, encrypted);
  return {
    events: () => eventsOf(spec),
    encode: async (events) => {
      const records = [];
      for (const event of events) records.push(...(await codec.encode([event])));
      return records;
    },
    decode: async (records) => {
      const decoded = [];
      for (const record of records) decoded.push(...(await codec.decode(spec, [record])));
      return checked(decoded);
    },
  };
}

function eventsOf(spec) {
  return Array.from({ length: BATCH }, (_, index) => ({
    spec,
    eventId: randomUUID(),
    value: lessonViewed(index),
  }));
}

function checked(decoded) {
  const { event } = decoded.at(-1);
  if (event?.value.student !== lessonViewed(BATCH - 1).student)
    throw new Error('An event came back changed.');
  return decoded;
}
