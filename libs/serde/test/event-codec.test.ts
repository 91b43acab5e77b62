import {
  createAvroFormat,
  createDocumentSchemas,
  createEventCodec,
  createJsonFormat,
  createStringFormat,
} from '../src/index.js';
import { eventCodecContract } from '../src/testing/index.js';
import { openContractKeyrings } from './contract-keyrings.js';

const people = ['', 'Ada Lovelace', 'Grace Hopper', 'Radia Perlman'];
const userId = (n: number): string => `student-number-${n}@example.org`;

eventCodecContract(
  {
    name: 'json',
    spec: {
      stream: 'school.students',
      type: 'StudentMoved',
      userIdPath: 'student.id',
      personalPaths: ['student.name', 'address.city', 'marks', 'nickname', 'age'],
    },
    anotherType: 'StudentLeft',
    event: (n) => ({
      student: { id: userId(n), name: people[n], since: 2013 },
      address: { city: `Llanfair number ${n}`, country: 'GB' },
      marks: [n, null, { subject: `confidential-${n}` }],
      age: n === 2 ? null : 40 + n,
      course: 'AAA-2013J',
    }),
    personalTexts: (n) => [userId(n), people[n] as string, `Llanfair number ${n}`, `confidential-${n}`],
    codec: (keyring) => createEventCodec({ keyring, format: createJsonFormat() }),
  },
  openContractKeyrings,
);

const sealed = (of: unknown) => ({ type: 'bytes', logicalType: 'oubliette-encrypted', of });
const schema = {
  type: 'record',
  name: 'StudentMoved',
  namespace: 'school',
  fields: [
    { name: 'userId', type: sealed('string') },
    { name: 'email', type: ['null', sealed('string')], default: null },
    { name: 'marks', type: sealed({ type: 'array', items: 'int' }) },
    { name: 'course', type: 'string' },
  ],
};

eventCodecContract(
  {
    name: 'avro',
    spec: {
      stream: 'school.students',
      type: 'StudentMoved',
      userIdPath: 'userId',
      personalPaths: ['email', 'marks'],
    },
    anotherType: 'StudentLeft',
    event: (n) => ({
      userId: userId(n),
      email: `mail.${n}@example.org`,
      marks: [n, 2, 3],
      course: 'AAA-2013J',
    }),
    personalTexts: (n) => [userId(n), `mail.${n}@example.org`],
    codec: (keyring) =>
      createEventCodec({
        keyring,
        format: createAvroFormat(
          createDocumentSchemas([
            { name: 'a.avsc', text: JSON.stringify(schema) },
            { name: 'b.avsc', text: JSON.stringify({ ...schema, name: 'StudentLeft' }) },
          ]),
        ),
      }),
  },
  openContractKeyrings,
);

eventCodecContract(
  {
    name: 'string',
    spec: { stream: 'school.notes', type: 'NoteTaken', userIdPath: 'userId', personalPaths: ['text'] },
    anotherType: 'StudentLeft',
    event: (n) => ({ userId: userId(n), text: `a note about ${people[n]} ✓` }),
    personalTexts: (n) => [userId(n), people[n] as string],
    codec: (keyring) => createEventCodec({ keyring, format: createStringFormat() }),
  },
  openContractKeyrings,
);
