import { describe } from 'node:test';
import { join } from 'node:path';
import { temporaryDirectory } from '@oubliette/testing';
import { forgettingOnRealData } from './scenario.js';

const dataset = process.env['OUBLIETTE_OULAD'];

describe(
  'real learning data on the bundled broker and the embedded database',
  { skip: dataset === undefined },
  () => {
    const directory = temporaryDirectory();
    forgettingOnRealData(
      () =>
        Promise.resolve({
          dataset: dataset ?? '',
          sample: {
            dataDir: join(directory.path, 'data'),
            masterKeys: join(directory.path, 'keys/keys.json'),
          },
          dataDirectories: [join(directory.path, 'data')],
          erasedWithinMs: 30_000,
        }),
      () => Promise.resolve(directory.remove()),
    );
  },
);
