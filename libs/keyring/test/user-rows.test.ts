import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { hexOfWords } from '../src/hex-words.js';
import {
  FORGOTTEN_WITH_KEY,
  IN_OBJECT,
  LIVING,
  MOST_OFFSET_IN_ROW,
  MOST_PROFILES,
  MOST_TIME_IN_ROW,
  UserRows,
} from '../src/user-rows.js';

function randomWords(count: number): Uint32Array[] {
  const words = new Uint32Array(count * 6);
  new SeededEntropy(7).fill(new Uint8Array(words.buffer));
  return Array.from({ length: count }, (_, index) => words.subarray(index * 6, index * 6 + 6));
}

test('every user is found in its row however the index grows, and nobody else', () => {
  const rows = new UserRows();
  const all = randomWords(6_000);
  const here = all.slice(0, 4_000);
  for (const [index, words] of here.entries()) {
    assert.equal(rows.find(words), -1);
    assert.equal(rows.add(words), index);
  }
  assert.equal(rows.count, here.length);
  for (const [row, words] of here.entries()) {
    assert.equal(rows.find(words), row);
    assert.equal(rows.userRef(row), hexOfWords(words, 0, 4));
    assert.equal(rows.kind(row), IN_OBJECT);
  }
  for (const words of all.slice(4_000)) assert.equal(rows.find(words), -1);
});

test('users whose words all lead to one slot are told apart', () => {
  const rows = new UserRows();
  const users = Array.from({ length: 500 }, (_, index) => Uint32Array.of(index, 0, index, index));
  for (const words of users) rows.add(words);
  for (const [row, words] of users.entries()) assert.equal(rows.find(words), row);
  assert.equal(rows.find(Uint32Array.of(500, 0, 500, 500)), -1);
});

test('a row gives back what was put there, the largest numbers too', () => {
  const rows = new UserRows();
  const [words] = randomWords(1);
  assert.ok(words);
  const row = rows.add(words);
  rows.putLiving(row, words, MOST_PROFILES - 1, MOST_OFFSET_IN_ROW, MOST_TIME_IN_ROW, 0xfffffffe, 2 ** 40);
  assert.equal(rows.kind(row), LIVING);
  assert.equal(rows.kid(row), hexOfWords(words, 4, 2));
  assert.deepEqual(
    [rows.profile(row), rows.offset(row), rows.time(row), rows.held(row), rows.uses(row)],
    [MOST_PROFILES - 1, MOST_OFFSET_IN_ROW, MOST_TIME_IN_ROW, 0xfffffffe, 2 ** 32 - 1],
  );
  rows.putLiving(row, words, 0, 0, 0, 0, 0);
  assert.deepEqual(
    [rows.profile(row), rows.offset(row), rows.time(row), rows.held(row), rows.uses(row)],
    [0, 0, 0, 0, 0],
  );
  rows.putForgotten(row, MOST_TIME_IN_ROW - 1, words.subarray(0, 4));
  assert.equal(rows.fingerprint(row), rows.userRef(row));
  assert.equal(rows.time(row), MOST_TIME_IN_ROW - 1);
  assert.equal(rows.kind(row), FORGOTTEN_WITH_KEY);
});
