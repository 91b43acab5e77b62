import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PersonMaker } from '../../src/import/person.js';

test('the same student gets the same name and address, whoever came before', () => {
  const one = new PersonMaker();
  const other = new PersonMaker();
  other.make('28400');
  assert.deepEqual(one.make('11391'), other.make('11391'));
  assert.notDeepEqual(one.make('11391'), one.make('28400'));
});

test('addresses are plausible and lead nowhere', () => {
  const people = new PersonMaker();
  for (let id = 1; id < 200; id++) {
    const { name, email } = people.make(String(id));
    assert.match(email, /^[^@\s]+@example\.org$/);
    assert.match(name, /^\S+ \S+/);
  }
});
