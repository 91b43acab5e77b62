import type { Actor, DeedName } from './actor.js';
import { Choices } from './choices.js';
import { prepareGround, type GroundName } from './ground.js';
import type { PendingStep } from './stepped-key-log.js';
import { World, type MakeLog } from './world.js';

export interface Scenario {
  readonly ground: GroundName;
  /** What the processes do, one each. */
  readonly deeds: readonly DeedName[];
}

interface Move {
  readonly actor: number;
  readonly how: 'goes on' | 'goes on unheard' | 'dies';
}

/** What a process did. */
interface Taken {
  readonly actor: number;
  readonly what: PendingStep['kind'] | 'death';
}

/** How far a scenario was gone through. */
export interface Passed {
  /** Begun from the start. */
  readonly runs: number;
  /** That the processes came through, all different. */
  readonly states: number;
  /** In which nobody had anything left to do, by name. */
  readonly ends: ReadonlySet<string>;
}

/**
 * Runs the processes in every order of their steps: without a fault; with each process killed before each of its steps; with each append
 * landing and its answer lost. A run that comes to what an earlier one came to is not gone on with (`nameOf`). Rejects with the first
 * order that ends badly, and how it went.
 * @param toTheEnd goes on all the same
 */
export async function everyOrder(
  { ground: name, deeds }: Scenario,
  Log: MakeLog,
  toTheEnd = false,
): Promise<Passed> {
  const ground = await prepareGround(name, deeds.includes('re-wrap'));
  const choices = new Choices();
  const seen = new Set<string>();
  const ends = new Set<string>();
  let runs = 0;
  do {
    const world = new World(ground);
    const course: string[] = [];
    try {
      await world.begin(deeds, Log);
      runs++;
      if (await isRunToEnd(world, { choices, seen, course, toTheEnd })) {
        ends.add(world.name);
        await world.judge();
      }
    } catch (cause) {
      throw new Error(`${deeds.join(' | ')}: ${course.join(', ')}`, { cause });
    } finally {
      await world.close();
    }
  } while (choices.advance());
  return { runs, states: seen.size, ends };
}

/** What a run takes and leaves. */
interface Way {
  readonly choices: Choices;
  /** Names of the states that runs came to. */
  readonly seen: Set<string>;
  readonly course: string[];
  readonly toTheEnd: boolean;
}

/** False when an earlier run came to the same. */
async function isRunToEnd(world: World, { choices, seen, course, toTheEnd }: Way): Promise<boolean> {
  let last: Taken | null = null;
  for (;;) {
    await world.settle();
    if (choices.isNew) {
      const { name } = world;
      if (seen.has(name) && !toTheEnd) return false;
      seen.add(name);
    }
    const moves: Move[] = movesOf(world, last);
    if (moves.length === 0) return true;
    const move = moves[choices.pick(moves.length)];
    const actor = move && world.actors[move.actor];
    const step = actor?.log.pending;
    if (!move || !actor || !step) throw new Error('a move of nobody');
    course.push(`${move.actor} ${move.how === 'dies' ? '' : `${step.kind} `}${move.how}`);
    last = { actor: move.actor, what: move.how === 'dies' ? 'death' : step.kind };
    if (move.how !== 'goes on') world.isFaulted = true;
    if (move.how === 'dies') world.dead.add(actor);
    else if (move.how === 'goes on') step.go();
    else await goUnheard(world, actor);
  }
}

/** Who heard no answer ends there: so it stands for who dies behind an append, too. */
async function goUnheard(world: World, actor: Actor): Promise<void> {
  actor.log.pending?.goUnheard();
  await world.settle();
  if (actor.log.pending !== null) throw new Error('a process went on that had heard no answer');
}

/**
 * A process that dies does so right behind its own last step: when makes no difference. Behind an append, who heard no answer stands for
 * who died.
 */
function movesOf(world: World, last: Taken | null): Move[] {
  const moves: Move[] = [];
  for (const [index, actor] of world.actors.entries()) {
    const step = actor.log.pending;
    if (step === null || world.dead.has(actor)) continue;
    moves.push({ actor: index, how: 'goes on' });
    if (world.isFaulted) continue;
    if (step.kind === 'append') moves.push({ actor: index, how: 'goes on unheard' });
    const isJustBehind = last === null || (last.actor === index && last.what === 'read');
    if (isJustBehind) moves.push({ actor: index, how: 'dies' });
  }
  return moves;
}
