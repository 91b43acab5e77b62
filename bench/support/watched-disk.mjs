import { SystemDisk } from '@oubliette/runtime';

/** The machine's disk, each of its calls timed on the calling thread, those of its files too. */
export function watchedDisk(watch) {
  return watched(new SystemDisk(), watch, '');
}

function watched(target, watch, owner) {
  const timed = new Map();
  const callOf = (name) => {
    if (!timed.has(name)) {
      timed.set(name, (...args) => {
        const path = owner || (typeof args[0] === 'string' ? args[0] : '');
        const result = watch.time(`${name} ${shortened(path)}`, () => target[name](...args));
        return name === 'openSync' ? watched(result, watch, args[0]) : result;
      });
    }
    return timed.get(name);
  };
  return new Proxy(target, {
    get: (_, name) => (typeof target[name] === 'function' ? callOf(name) : target[name]),
  });
}

function shortened(path) {
  return path.split('/').slice(-2).join('/');
}
