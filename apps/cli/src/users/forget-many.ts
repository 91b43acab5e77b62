import type { CliContext } from '../context.js';
import { asRecord } from '../erasure-lines.js';
import { CliError } from '../errors.js';
import { makeProgress } from '../progress.js';
import type { SampleClient } from '../sample/sample-client.js';

/** What became of many users. Places count from 1 in the order asked: no id is repeated. */
export interface ForgottenMany {
  readonly asked: number;
  readonly forgotten: number;
  /** Places of users under a legal hold: their requests stand, and wait for it. */
  readonly held: readonly number[];
  /** Places of ids that never had a key. */
  readonly unknown: readonly number[];
  /** In the order asked; null for those. */
  readonly erasures: readonly unknown[];
}

/** A request stays below what applications read of a JSON body: Express takes 100 kB, the sample 64. */
const requestBytes = 48 * 1024;
const requestUsers = 1_000;
const waitMs = 60_000;

/** Forgets users through the running sample, many in one request; asking again for all is safe. */
export async function forgetMany(
  context: CliContext,
  client: SampleClient,
  ids: readonly string[],
): Promise<ForgottenMany> {
  const progress = await makeProgress(context, 'users forgotten');
  const erasures: unknown[] = [];
  try {
    for (const part of parts(ids)) {
      const body = JSON.stringify({ ids: part });
      const request = { method: 'POST', path: '/privacy/users/forget', body } as const;
      erasures.push(...erasuresIn(await client.ask(request, { waitMs }), part.length));
      progress.update(erasures.length / ids.length, erasures.length);
    }
  } finally {
    progress.end();
  }
  const unknown = placesOf(erasures, (erasure) => erasure === null);
  const held = placesOf(erasures, (erasure) => asRecord(erasure)['state'] === 'held');
  const forgotten = ids.length - unknown.length - held.length;
  return { asked: ids.length, forgotten, held, unknown, erasures };
}

function* parts(ids: readonly string[]): Iterable<readonly string[]> {
  let part: string[] = [];
  let bytes = 0;
  for (const id of ids) {
    const size = Buffer.byteLength(JSON.stringify(id)) + 1;
    if (part.length > 0 && (part.length >= requestUsers || bytes + size > requestBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(id);
    bytes += size;
  }
  yield part;
}

function placesOf(erasures: readonly unknown[], fits: (erasure: unknown) => boolean): number[] {
  return erasures.flatMap((erasure, index) => (fits(erasure) ? [index + 1] : []));
}

function erasuresIn(answer: unknown, asked: number): readonly unknown[] {
  const erasures =
    answer !== null && typeof answer === 'object' && 'erasures' in answer ? answer.erasures : null;
  if (Array.isArray(erasures) && erasures.length === asked) return erasures;
  throw new CliError(
    'SAMPLE_REFUSED',
    'The sample answered with something else than an erasure for each user.',
  );
}
