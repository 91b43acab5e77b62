// Loaded before the tests of `npm test`. Node 20's test runner watches every promise from its making to its collection, so as to tell
// an error that nobody waits for as one of the test it came from; tests that await much spend a quarter of their time on that.
// Here it watches its tests alone. Such an error still fails the run, as one of the file: `node --test FILE` tells its test and stack.
import { createHook } from 'node:async_hooks';
import { before } from 'node:test';

const prototype = Object.getPrototypeOf(createHook({}));
const { enable } = prototype;
prototype.enable = function () {
  const [init, destroy] = ['init', 'destroy'].map((name) =>
    Object.getOwnPropertySymbols(this).find(({ description }) => description === name),
  );
  // Another version's runner keeps its own way.
  if (typeof this[init] === 'function' && typeof this[destroy] === 'function') {
    const watch = this[init];
    this[init] = (id, type, trigger, resource) => {
      if (type === 'Test') watch(id, type, trigger, resource);
    };
    this[destroy] = undefined;
  }
  return enable.call(this);
};
// The runner makes its hook when it is first used.
before(() => undefined);
prototype.enable = enable;
