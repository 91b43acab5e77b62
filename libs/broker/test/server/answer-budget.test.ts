import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerAccount, AnswerBudget } from '../../src/server/answer-budget.js';

const MiB = 1024 * 1024;
const accountOf = (budget: AnswerBudget, now = () => 0, giveWay = () => undefined): AnswerAccount =>
  new AnswerAccount(budget, { now, giveWay });

test('who does not read leaves something to the next one', () => {
  const budget = new AnswerBudget(16 * MiB);
  const slow = Array.from({ length: 5 }, () => accountOf(budget));
  const taken = slow.map((account) => account.take(60 * MiB));
  assert.equal(taken[0], 4 * MiB);
  for (const [index, bytes] of taken.entries()) assert.ok(index === 0 || bytes < (taken[index - 1] ?? 0));
  assert.ok(budget.heldBytes < 16 * MiB);
  assert.ok(accountOf(budget).take(100_000) > 0);
});

test('one connection gets no more by asking often', () => {
  const account = accountOf(new AnswerBudget(16 * MiB));
  let taken = 0;
  for (let index = 0; index < 20; index++) taken += account.take(MiB);
  assert.equal(taken, 4 * MiB);
});

test('bytes come back when they have left the socket, or the connection is gone', () => {
  const budget = new AnswerBudget(16 * MiB);
  const account = accountOf(budget);
  account.adjust(account.take(MiB) - MiB);
  account.sent(900_000);
  assert.equal(budget.heldBytes, 900_000);
  account.drained(0);
  assert.equal(budget.heldBytes, 0);
  account.take(MiB);
  account.sent(MiB);
  account.take(MiB);
  account.close();
  assert.equal(budget.heldBytes, MiB, 'what is being built is there until it is handed over');
  account.sent(MiB);
  assert.equal(budget.heldBytes, 0);
});

test('those who wait get theirs in their order, before those who come later', () => {
  const budget = new AnswerBudget(16 * MiB);
  const holder = accountOf(budget);
  holder.adjust(16 * MiB);
  const got: string[] = [];
  const waiting = ['first', 'second', 'third'].map((name) => {
    const undo = accountOf(budget).takeLater(MiB, (bytes) => {
      got.push(`${name} ${bytes}`);
      queueMicrotask(undo);
    });
    return undo;
  });
  waiting[1]?.();
  assert.deepEqual(got, []);
  assert.equal(accountOf(budget).take(1), 0, 'nobody passes those who wait');
  holder.sent(8 * MiB);
  assert.deepEqual(got, [`first ${MiB}`]);
  return Promise.resolve()
    .then(() => undefined)
    .then(() => assert.deepEqual(got, [`first ${MiB}`, `third ${MiB}`]));
});

test('whatever is taken, settled, sent and closed, in the end nothing is held', () => {
  const step = fc.record({ account: fc.nat(3), kind: fc.nat(4), bytes: fc.nat(4 * MiB) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const budget = new AnswerBudget(16 * MiB);
      const accounts = Array.from({ length: 4 }, () => accountOf(budget));
      for (const { account, kind, bytes } of steps) {
        const one = accounts[account];
        if (one === undefined) continue;
        if (kind === 0) one.adjust(-Math.min(bytes, one.take(bytes)));
        if (kind === 1) one.sent(bytes);
        if (kind === 2) one.drained(0);
        if (kind === 3) one.take(bytes);
        if (kind === 4) one.close();
      }
      for (const account of accounts) {
        account.close();
        account.sent(1);
      }
      assert.equal(budget.heldBytes, 0);
    }),
  );
});

test('where all is held by those who do not read, the longest unread gives way to who reads', () => {
  const budget = new AnswerBudget(16 * MiB);
  let now = 0;
  const closed: number[] = [];
  const silent = Array.from({ length: 32 }, (_, index) => {
    const account: AnswerAccount = accountOf(
      budget,
      () => now,
      () => {
        closed.push(index);
        account.close();
        return undefined;
      },
    );
    return account;
  });
  for (const account of silent) {
    assert.ok(account.mayOverdraw(), 'everybody gets a first batch');
    account.adjust(MiB);
    account.sent(MiB);
    now += 10;
  }
  const reader = accountOf(budget, () => now);
  assert.equal(reader.take(MiB), 0);
  now = 999;
  assert.equal(reader.mayOverdraw(), false, 'nobody is closed for a moment of not reading');
  now = 1_000;
  // The first one has read meanwhile, and got another batch.
  silent[0]?.drained(0);
  silent[0]?.sent(MiB);
  now = 1_010;
  for (const gone of [[1], [1, 2], [1, 2, 3]]) {
    now += 10;
    assert.ok(reader.mayOverdraw());
    assert.deepEqual(closed, gone);
    reader.adjust(MiB);
    reader.sent(0);
    // Somebody else who does not read takes what was freed.
    budget.change(MiB);
  }
  assert.ok(budget.heldBytes <= 32 * MiB);
});
