import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SystemDisk } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { insertRows, openDatabase } from '../src/index.js';
import { openEmbeddedForTest } from './support/embedded.js';

const clock = new ManualClock();

describe('the embedded database', () => {
  it('refuses neither or both of url and file', async () => {
    await assert.rejects(openDatabase({ clock }), { code: 'DATABASE_OPTIONS' });
    await assert.rejects(openDatabase({ clock, url: 'postgres://x', file: 'x' }), {
      code: 'DATABASE_OPTIONS',
    });
    await assert.rejects(openDatabase({ clock, file: 'x' }), { code: 'DATABASE_OPTIONS' });
  });

  it('is read by its owner only and belongs to one process', async () => {
    const { file, close } = await openEmbeddedForTest();
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(`${file}-wal`).mode & 0o777, 0o600);
    await assert.rejects(openDatabase({ clock, disk: new SystemDisk(), file }), { code: 'DATABASE_LOCKED' });
    await close();
  });

  it('has the settings that durability and erasure need', async () => {
    const { database, close } = await openEmbeddedForTest();
    const pragma = async (name: string) =>
      Object.values((await database.execute(`PRAGMA ${name}`)).rows[0]!)[0];
    assert.equal(await pragma('journal_mode'), 'wal');
    assert.equal(await pragma('synchronous'), 2);
    assert.equal(await pragma('secure_delete'), 1);
    assert.equal(await pragma('foreign_keys'), 1);
    await close();
  });

  it('keeps nothing of deleted rows in file and write-ahead log once that was truncated', async () => {
    const { database, clock: time, file, close } = await openEmbeddedForTest({ walTruncateMs: 1000 });
    await database.execute('CREATE TABLE secrets (id integer PRIMARY KEY, content text)');
    const bytesWithSecret = () =>
      [file, `${file}-wal`].filter((path) => readFileSync(path).includes('deleted-content-')).length;
    await database.transaction((manager) =>
      insertRows(
        manager,
        'secrets',
        ['id', 'content'],
        Array.from({ length: 500 }, (_, id) => [id, `deleted-content-${id}-${'x'.repeat(200)}`]),
      ),
    );
    assert.ok(bytesWithSecret() > 0);
    await database.execute('DELETE FROM secrets');
    assert.ok(bytesWithSecret() > 0);
    await time.advanceAsync(1000);
    assert.equal(bytesWithSecret(), 0);
    await close();
    assert.equal(time.pending, 0);
  });

  it('takes null and bytes as a single parameter, and gives bytes back', async () => {
    const { database, close } = await openEmbeddedForTest();
    await database.execute('CREATE TABLE t (b blob)');
    await database.execute('INSERT INTO t (b) VALUES (?)', [null]);
    await database.execute('INSERT INTO t (b) VALUES (?)', [Uint8Array.of(0, 200, 0)]);
    const { rows } = await database.execute('SELECT b FROM t ORDER BY rowid');
    assert.deepEqual(rows, [{ b: null }, { b: Buffer.of(0, 200, 0) }]);
    await close();
  });

  it('refuses rows of another width, and everything once it is closed', async () => {
    const { database, close } = await openEmbeddedForTest();
    await database.execute('CREATE TABLE t (a integer, b integer)');
    const narrow = database.transaction((manager) => insertRows(manager, 't', ['a', 'b'], [[1, 2], [3]]));
    await assert.rejects(narrow, { code: 'ROWS_INVALID' });
    assert.deepEqual((await database.execute('SELECT * FROM t')).rows, []);
    await close();
    await assert.rejects(database.execute('SELECT 1'), { code: 'DATABASE_CLOSED' });
    await assert.rejects(
      database.transaction(async () => undefined),
      { code: 'DATABASE_CLOSED' },
    );
    await database.close();
  });

  it('says what it could not open', async () => {
    await assert.rejects(
      openDatabase({ clock, url: 'postgres://user:hidden@127.0.0.1:1/none' }),
      (error: Error) => {
        assert.equal((error as Error & { code: string }).code, 'DATABASE_UNREACHABLE');
        assert.match(error.message, /ECONNREFUSED/);
        assert.doesNotMatch(error.message, /hidden/);
        return true;
      },
    );
  });
});
