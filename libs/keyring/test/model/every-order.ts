import type { DeedName } from './actor.js';
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

/** The step that was taken last. */
interface Taken {
  readonly actor: number;
  readonly kind: PendingStep['kind'];
}

/**
 * Runs the processes in every order of their steps: without a fault; with each process killed before each of its steps (a death
 * after a step is one before the next); with each append landing and its answer lost. Two reads one after the other say the same in
 * either order: one of the two is run. Resolves to the number of orders; rejects with the first that ends badly, and how it went.
 */
export async function everyOrder({ ground: name, deeds }: Scenario, Log: MakeLog): Promise<number> {
  const ground = await prepareGround(name, deeds.includes('re-wrap'));
  const choices = new Choices();
  let orders = 0;
  do {
    const world = new World(ground);
    const course: string[] = [];
    try {
      await world.begin(deeds, Log);
      if (await isRun(world, choices, course)) {
        await world.judge();
        orders++;
      }
    } catch (cause) {
      throw new Error(`${deeds.join(' | ')}: ${course.join(', ')}`, { cause });
    } finally {
      await world.close();
    }
  } while (choices.advance());
  return orders;
}

/** False when the order turned out to be the twin of another. */
async function isRun(world: World, choices: Choices, course: string[]): Promise<boolean> {
  let last: Taken | null = null;
  for (;;) {
    await world.settle();
    const moves = movesOf(world, last);
    if (moves.length === 0) return !isAnyPending(world);
    const move = moves[choices.pick(moves.length)];
    const actor = move && world.actors[move.actor];
    const step = actor?.log.pending;
    if (!move || !actor || !step) throw new Error('a move of nobody');
    course.push(`${move.actor} ${move.how === 'dies' ? '' : `${step.kind} `}${move.how}`);
    if (move.how !== 'goes on') world.isFaulted = true;
    if (move.how === 'dies') {
      world.dead.add(actor);
      continue;
    }
    if (move.how === 'goes on') step.go();
    else step.goUnheard();
    last = { actor: move.actor, kind: step.kind };
  }
}

function movesOf(world: World, last: Taken | null): Move[] {
  const moves: Move[] = [];
  for (const [index, actor] of world.actors.entries()) {
    const step = actor.log.pending;
    if (step === null || world.dead.has(actor)) continue;
    const isTwin = last?.kind === 'read' && step.kind === 'read' && index < last.actor;
    if (!isTwin) {
      moves.push({ actor: index, how: 'goes on' });
      if (!world.isFaulted && step.kind === 'append') moves.push({ actor: index, how: 'goes on unheard' });
    }
    // Death changes nothing for others: it comes right behind the process's own last step.
    const isJustBehind = last === null || last.actor === index;
    if (!world.isFaulted && isJustBehind) moves.push({ actor: index, how: 'dies' });
  }
  return moves;
}

function isAnyPending(world: World): boolean {
  return world.actors.some((actor) => !world.dead.has(actor) && actor.log.pending !== null);
}
