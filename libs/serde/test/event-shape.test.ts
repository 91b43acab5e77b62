import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rewritePersonal, shapeOf, valueAt } from '../src/event-shape.js';

const spec = { stream: 's', type: 'T', userIdPath: 'user.id', personalPaths: ['user.name', 'mail'] };

describe('the shape of an event', () => {
  it('refuses declarations that contradict themselves', () => {
    const wrong = [
      { ...spec, stream: '' },
      { ...spec, type: '' },
      { ...spec, userIdPath: null },
      { ...spec, userIdPath: '' },
      { ...spec, personalPaths: ['mail', 'mail.domain'] },
      { ...spec, personalPaths: ['mail.domain', 'mail'] },
      { ...spec, personalPaths: ['user'] },
      { ...spec, personalPaths: ['a..b'] },
    ];
    for (const one of wrong)
      assert.throws(() => shapeOf(one), { code: 'EVENT_SPEC_INVALID' }, JSON.stringify(one));
  });

  it('takes a path that is declared twice once', () => {
    assert.deepEqual(shapeOf({ ...spec, personalPaths: ['user.id', 'mail', 'mail'] }).paths, [
      'user.id',
      'mail',
    ]);
  });

  it('rewrites personal values in a copy and leaves the original alone', () => {
    const original = { user: { id: 1, name: 2, age: 3 }, mail: 4, rest: { a: 1 } };
    const before = structuredClone(original);
    const copy = rewritePersonal(
      original,
      shapeOf(spec).steps,
      (path) => `<${path}>`,
      () => assert.fail(),
    );
    assert.deepEqual(copy, {
      user: { id: '<user.id>', name: '<user.name>', age: 3 },
      mail: '<mail>',
      rest: { a: 1 },
    });
    assert.deepEqual(original, before);
  });

  it('reads own properties only', () => {
    assert.equal(valueAt({ a: { b: 1 } }, 'a.b'), 1);
    for (const path of ['constructor', 'a.toString', '__proto__.x', 'a.b.c'])
      assert.equal(valueAt({ a: { b: 1 } }, path), undefined);
  });
});
