import { createRequire } from 'node:module';

/*
 * The native codecs, loaded by the first batch that needs one: most processes see one of them or none, and together they cost 12 MiB and
 * a tenth of a broker's start. Node keeps what it has loaded, so asking again is cheap.
 */

const load = createRequire(import.meta.url);

export const snappyPackage = (): typeof import('snappy') => load('snappy') as typeof import('snappy');

export const lz4Package = (): typeof import('lz4-napi') => load('lz4-napi') as typeof import('lz4-napi');

export const zstdPackage = (): typeof import('@toondepauw/node-zstd') =>
  load('@toondepauw/node-zstd') as typeof import('@toondepauw/node-zstd');
