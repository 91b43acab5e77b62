import type { Command } from 'commander';
import { checkReason } from '@oubliette/privacy';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { asRecord, asStanding, describeUser } from '../erasure-lines.js';
import { CliError } from '../errors.js';
import { SampleClient } from '../sample/sample-client.js';

interface ActOptions {
  readonly reason: string;
}

interface Act {
  readonly name: string;
  readonly description: string;
  /** Where its reason stands for good. */
  readonly reasonStands: string;
  readonly method: 'PUT' | 'DELETE';
  readonly route: 'restriction' | 'hold';
  /** By how the user stood before: what is to be said once it is done. Throws where it would do nothing. */
  readonly before: (user: Readonly<Record<string, unknown>>, reason: string) => string[];
}

const acts: readonly Act[] = [
  {
    name: 'restrict',
    description:
      'keeps the data of a user, and lets nobody open it (Art. 18 GDPR); it can be forgotten all the same',
    reasonStands: 'in the privacy log',
    method: 'PUT',
    route: 'restriction',
    before: ({ restricted }) =>
      restricted === true
        ? ['Was restricted already: the reason that was given first stands, this one was not recorded.']
        : [],
  },
  {
    name: 'unrestrict',
    description: 'lifts the restriction of a user',
    reasonStands: 'in the privacy log',
    method: 'DELETE',
    route: 'restriction',
    before: ({ restricted }) => {
      if (restricted !== true) throw nothingToLift('This user is not restricted');
      return ['The restriction is lifted.'];
    },
  },
  {
    name: 'hold',
    description: 'makes a request to forget a user wait, also one that is yet to come (Art. 17(3) GDPR)',
    reasonStands: 'in the privacy log and in certificates',
    method: 'PUT',
    route: 'hold',
    before: ({ hold }, reason) => {
      if (hold === null) return [];
      const { reason: standing } = asRecord(hold);
      return standing === reason
        ? ['This hold stood already.']
        : [`It takes the place of another hold (${String(standing)}): a release lifts both.`];
    },
  },
  {
    name: 'release',
    description: 'lifts the hold of a user; a request that waited for it is carried out at once',
    reasonStands: 'in the privacy log',
    method: 'DELETE',
    route: 'hold',
    before: ({ hold, erasure }) => {
      // One that waits for a hold that was lifted already is carried out.
      if (hold === null && asRecord(erasure)['state'] !== 'held')
        throw nothingToLift('No hold stands on this user');
      return ['The hold is lifted.'];
    },
  },
];

/** Orders of a privacy officer about one user. Each has a reason, in the privacy log for good; the answer is how the user stands then. */
export function addUserActs(users: Command, context: CliContext): void {
  for (const act of acts) {
    const command = users
      .command(act.name)
      .description(act.description)
      .argument('<id>')
      .requiredOption(
        '--reason <text>',
        `why: a code or a few words that name nobody; it stands ${act.reasonStands} for good`,
      );
    answers<ActOptions>(command, context, async ({ dataDir, reason }, [id = '']) => {
      if (id === '') throw new CliError('USAGE', `users ${act.name}: the id is empty.`);
      checkReason(reason, id);
      const client = new SampleClient(context, dataDir);
      const path = `/privacy/users/${encodeURIComponent(id)}`;
      const said = act.before(asStanding(await client.ask({ method: 'GET', path })), reason);
      await client.ask({
        method: act.method,
        path: `${path}/${act.route}`,
        body: JSON.stringify({ reason }),
      });
      const user = await client.ask({ method: 'GET', path });
      return { document: user, lines: [...said, ...describeUser(user, context.clock.now())] };
    });
  }
}

function nothingToLift(why: string): CliError {
  return new CliError('NOTHING_TO_LIFT', `${why}: there is nothing to lift.`);
}
