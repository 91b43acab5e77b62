import assert from 'node:assert/strict';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { auditLeaks, auditPattern, type LeakReport } from '@oubliette/privacy';
import { ManualClock } from '@oubliette/runtime/testing';
import { columnTypes, tableSource, type Database } from '../../src/index.js';
import type { TestDatabase } from './embedded.js';

const email = 'zebedee.qwyxley@example.org';
const name = 'Zebedee Müller';

/** Place, what, and how often. */
const planted = [
  ['table odd "name, column a ?, row 1', '1 utf-8', 1],
  ['table people, column data, row 133', '1 utf-8 unpacked', 1],
  ['table people, column data, row 66', '1 utf-16', 1],
  ['table people, column data, row 67', '1 utf-8', 2],
  ['table people, column note, row 133', '1 utf-8', 2],
  ['table people, column note, row 66', '2 json', 1],
  ['table people, column note, row 67', 'iban', 1],
  ['table strange, column c, row 2', '2 utf-8', 1],
];

async function look(database: Database): Promise<LeakReport> {
  return auditLeaks(
    [tableSource({ name: 'tables', database })],
    { terms: [email, name], patterns: [auditPattern('iban')] },
    { clock: new ManualClock() },
  );
}

/** What every dialect finds; `strange` makes a table whose key is no single number. */
export function auditContract(title: string, open: () => Promise<TestDatabase>, strange: string): void {
  it(`finds what was planted in any column of any table, and nothing else: ${title}`, async () => {
    const { database, close } = await open();
    try {
      await database.transaction(async (manager) => {
        const { bytes } = columnTypes(manager.queryRunner!);
        await manager.query(`CREATE TABLE people (id varchar(40) PRIMARY KEY, note text, data ${bytes})`);
        await manager.query(strange);
        await manager.query('CREATE TABLE "odd ""name" ("a ?" text)');
      });
      const people = 'INSERT INTO people (id, note, data) VALUES (?, ?, ?)';
      const long = Buffer.alloc(700_000, '.');
      for (const border of [16 * 1024, 16 * 1024 + 256 * 1024]) long.write(email, border - 9);
      const clean = async (from: number, to: number): Promise<void> => {
        for (let index = from; index < to; index++)
          await database.execute(people, [`p${100 + index}`, 'nothing', Buffer.from([1, 2])]);
      };
      // More than a page on both sides of what is planted.
      await clean(0, 65);
      assert.deepEqual((await look(database)).findings, []);
      const wide = Buffer.from(email, 'utf16le');
      await database.execute(people, ['p164-1', '{"name":"Zebedee M\\u00fcller"}', wide]);
      await database.execute(people, ['p164-2', 'DE89 3704 0044 0532 0130 00', long]);
      await clean(65, 130);
      await database.execute(people, ['p229-1', long.toString('latin1'), gzipSync(`to ${email}`)]);
      await database.execute('INSERT INTO strange (a, b, c) VALUES (?, ?, ?)', ['x', 1, 'clean']);
      await database.execute('INSERT INTO strange (a, b, c) VALUES (?, ?, ?)', ['x', 2, name.toUpperCase()]);
      await database.transaction((manager) => manager.query(`INSERT INTO "odd ""name" VALUES ('${email}')`));
      const report = await look(database);
      const found = report.findings.map(({ place, term, pattern, form, unpacked, hits }) => [
        place.replace('public.', ''),
        pattern ?? `${term} ${form}${unpacked ? ' unpacked' : ''}`,
        hits,
      ]);
      assert.deepEqual(found.sort(), planted);
      assert.deepEqual([report.complete, report.unseen], [true, []]);
    } finally {
      await close();
    }
  });
}
