import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startReady, stop } from './ready-process.mjs';

const entry = fileURLToPath(new URL('stall-witness.mjs', import.meta.url));

/** The process that sees when the whole machine stood still. */
export class StallWitness {
  #child;

  constructor(child) {
    this.#child = child;
  }

  static async start() {
    const { child } = await startReady(process.execPath, [entry], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    return new StallWitness(child);
  }

  /** `{ from, to }` since it was asked last, ms on the shared clock. */
  async stalls() {
    const answer = once(this.#child, 'message');
    this.#child.send('stalls');
    const [stalls] = await answer;
    return stalls;
  }

  async stop() {
    await stop(this.#child);
  }
}

/**
 * Takes off each block the time in which the machine stood still, or in which the thread waited for a core, whichever is more (they may
 * be the same time); the longest first, with `stalledMs`.
 */
export function withoutStalls(blocks, stalls) {
  const lasting = ({ from, to }) =>
    stalls.reduce((ms, stall) => ms + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)), 0);
  return blocks
    .map((block) => ({ ...block, stalledMs: lasting(block) }))
    .map((block) => ({ ...block, ms: block.gapMs - Math.max(block.waitedMs, block.stalledMs) }))
    .sort((one, other) => other.ms - one.ms);
}
