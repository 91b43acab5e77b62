import assert from 'node:assert/strict';
import type { Keyring, UserRef } from '../../src/index.js';
import { binding, secret } from '../process.js';
import { factsOf, isEnded, standing } from './log-facts.js';
import type { SteppedKeyLog } from './stepped-key-log.js';

/** One process of a run, with what it is about. */
export interface Actor {
  readonly keyring: Keyring;
  readonly log: SteppedKeyLog;
  readonly alarms: string[];
  readonly sealed: Uint8Array[];
  readonly sealedKids: string[];
  /** What came of its deed; null while it is at it. */
  ended: string | null;
  readonly userRef: UserRef;
}

export type Deed = (actor: Actor) => Promise<void>;

export type DeedName = keyof typeof deeds;

const KID_AT = 14;

/** What processes do; each rejects only with what a caller is told. */
export const deeds = {
  mint: async (actor) => {
    await actor.keyring.ensureKeys([actor.userRef]);
    seal(actor);
  },
  'mint marketing': async (actor) => {
    await actor.keyring.ensureKeys([actor.userRef], 'marketing');
    seal(actor, 'marketing');
  },
  rotate: async (actor) => {
    await actor.keyring.rotate([actor.userRef]);
    seal(actor);
  },
  'rotate marketing': async (actor) => {
    await actor.keyring.rotate([actor.userRef], 'marketing');
    seal(actor, 'marketing');
  },
  're-wrap': async ({ keyring }) => {
    await keyring.advanceEpoch();
  },
  'begin anew': async (actor) => {
    await actor.keyring.beginLifecycle(actor.userRef);
    seal(actor);
  },
  'grant marketing': async (actor) => {
    await actor.keyring.grant(actor.userRef, 'marketing');
    seal(actor, 'marketing');
  },
  forget: async (actor) => {
    await actor.keyring.forget(actor.userRef);
    assertBuried(actor);
  },
  'withdraw marketing': async (actor) => {
    await actor.keyring.withdraw(actor.userRef, 'marketing');
    assertBuried(actor);
  },
} satisfies Record<string, Deed>;

function seal({ keyring, log, sealed, sealedKids, userRef }: Actor, purpose?: string): void {
  const envelope = keyring.seal(userRef, binding, secret, purpose);
  const kid = kidOf(envelope);
  sealed.push(envelope);
  sealedKids.push(kid);
  assert.ok(log.kidsRead.has(kid), 'a key was used before it was read back');
}

export function kidOf(envelope: Uint8Array): string {
  return Buffer.from(envelope.subarray(KID_AT, KID_AT + 8)).toString('hex');
}

/** Who ended a scope has left no key record of it that stood when the fence was read back. */
function assertBuried({ log }: Actor): void {
  if (log.fenceReadTo === null) return;
  const facts = factsOf(log.topic.records(0));
  const left = standing(facts, log.fenceReadTo).filter(({ scope }) => scope && isEnded(facts, scope));
  assert.deepEqual(left, [], 'a key record was not buried by who wrote the fence');
}
