import type { Erasure } from '../ports.js';

/** An erasure out of the JSON that was made of it; one from before topics had ways of their own names none. */
export function readErasure(json: string): Erasure {
  const read = JSON.parse(json) as Omit<Erasure, 'topics'> & Partial<Pick<Erasure, 'topics'>>;
  return { ...read, topics: read.topics ?? [] };
}
