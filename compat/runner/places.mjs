import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const compat = fileURLToPath(new URL('..', import.meta.url));
/** What recipes fetch and build is kept here from run to run. */
export const cache = process.env['OUBLIETTE_CI_CACHE'] ?? join(compat, '..', '.cache');
