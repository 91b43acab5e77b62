import type { Command } from 'commander';
import { answers } from '../action.js';
import { addErasureExtend } from './erasure-extend.js';
import { addErasureList } from './erasure-list.js';
import { addErasureVerify } from './erasure-verify.js';
import type { Answer, CliContext } from '../context.js';
import { counted } from '../counted.js';
import { CliError } from '../errors.js';
import { describeErasure } from '../erasure-lines.js';
import { SampleClient } from '../sample/sample-client.js';

export function addErasureCommands(program: Command, context: CliContext): void {
  const erasure = program.command('erasure').description('how far forgetting has got');
  addErasureList(erasure, context);
  const show = erasure
    .command('show')
    .description('how one stands: state, deadline and what is left of it, hold, extension, processors')
    .argument('<id>');
  answers(show, context, async ({ dataDir }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'erasure show: the id is empty.');
    const path = `/privacy/erasures/${encodeURIComponent(id)}`;
    const one = await new SampleClient(context, dataDir).ask({ method: 'GET', path });
    return { document: one, lines: describeErasure(one, context.clock.now()) };
  });
  addErasureExtend(erasure, context);
  addErasureVerify(erasure, context);
  const check = erasure
    .command('check')
    .description(
      'compares the ledger with the key topic, and forgets again whoever came back with a restored copy of it',
    );
  answers(check, context, async ({ dataDir }) => {
    const path = '/privacy/erasures/check';
    return describeCheck(
      await new SampleClient(context, dataDir).ask({ method: 'POST', path }, { waitMs: 60_000 }),
    );
  });
}

/** What was amiss with restrictions; nothing where nothing was. */
function describeRestrictions(found: unknown): string[] {
  const [again, unlogged] = ['restrictedAgain', 'unlogged'].map((name) =>
    Number(Reflect.get(Object(found), name) ?? 0),
  );
  const lines: string[] = [];
  if (again === 1) lines.push('1 restriction was not in the key topic, and stands again.');
  else if (again !== 0) lines.push(`${again} restrictions were not in the key topic, and stand again.`);
  if (unlogged !== 0)
    lines.push(
      `${counted(unlogged ?? 0, 'user is', 'users are')} restricted and the privacy log does not say so: say anew what holds.`,
    );
  return lines;
}

/** "No" where somebody had come back, or a restriction was amiss. */
function describeCheck(answer: unknown): Answer {
  const [checked, returned, again, unresolved] = ['checked', 'returned', 'forgottenAgain', 'unresolved'].map(
    (name) => (answer !== null && typeof answer === 'object' ? Number(Reflect.get(answer, name)) : NaN),
  );
  if (checked === undefined || returned === undefined || !Number.isSafeInteger(checked + returned))
    throw new CliError(
      'SAMPLE_REFUSED',
      'The sample answered with something else than what a check came to.',
    );
  const restrictions = describeRestrictions(Reflect.get(Object(answer), 'restrictions'));
  if (returned === 0) {
    const lines = [allStand(checked), ...restrictions];
    return { document: answer, lines, ...(restrictions.length === 0 ? {} : { exitCode: 1 }) };
  }
  const lines = [
    `${counted(returned, 'forgotten user')} came back: the key topic was restored from a copy of before. ${again} ${again === 1 ? 'is' : 'are'} forgotten again.`,
  ];
  if (unresolved !== 0)
    lines.push(
      `${unresolved} began anew since and ${unresolved === 1 ? 'was' : 'were'} left alone: look after ${unresolved === 1 ? 'this user' : 'them'}.`,
    );
  return { document: answer, lines: [...lines, ...restrictions], exitCode: 1 };
}

function allStand(checked: number): string {
  return checked === 1
    ? 'The 1 erasure stands in the key topic.'
    : `All of ${checked} erasures stand in the key topic.`;
}
