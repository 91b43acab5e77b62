import { setTimeout as sleep } from 'node:timers/promises';
import { subscription } from '../groups/coordinator-fixture.js';
import type { Member } from './group-member.js';
import { gather, settleBoth, withMembers, type Making } from './group-member.js';
import type { Case } from './two-brokers.js';

/* Groups of several members: who waits for whom, who is removed when, what each is told. */

/** Long enough for a request that is not answered to be at the coordinator. */
const arrivalMs = 300;

/** Sessions that end before a rebalance does; long beside a pause of a busy machine. */
const shortSessions = { sessionTimeoutMs: 3_000, rebalanceTimeoutMs: 600_000 };

/** Two members of a stable group, of which the first leads. */
async function pair(member: Making): Promise<readonly [Member, Member]> {
  const [a, b] = [await member('a'), await member('b')];
  await settleBoth(a, b);
  return [a, b];
}

/** The last one leaves: no session ends later on one side than on the other. */
async function empty(member: Member): Promise<void> {
  await member.leave();
  await member.untilGroupIs('Empty');
}

export const memberCases: Readonly<Record<string, Case>> = {
  'two members, and a third that finds no room': withMembers('full', async (member) => {
    const [a, b] = await pair(member);
    const c = await member('c');
    await c.join({}, 3);
    await c.join({}, 5);
    await a.describe();
    await b.heartbeat();
    await b.leave();
    await a.heartbeat();
    await a.join();
    await a.sync([a]);
    await c.enter().catch(() => undefined);
  }),

  'a follower joins again unchanged, with other protocols, and the leader': withMembers(
    'again',
    async (member) => {
      const [a, b] = await pair(member);
      await b.join();
      await a.heartbeat();
      const protocols = [
        { name: 'sticky', metadata: subscription('other') },
        { name: 'range', metadata: subscription('grouped') },
      ];
      const changed = b.join({ protocols });
      await a.untilGroupIs('PreparingRebalance');
      await a.commit();
      await a.sync([a, b]);
      await a.heartbeat();
      await Promise.all([changed, a.join()]);
      await b.commit();
      await b.heartbeat();
      await a.describe();
      await Promise.all([b.sync(), a.sync([b])]);
      await a.describe();
      const leading = a.join();
      await b.untilGroupIs('PreparingRebalance');
      await Promise.all([leading, b.join()]);
    },
  ),

  'a member that is not heard of': withMembers(
    'silent',
    async (member) => {
      const [a, b] = await pair(member);
      await a.stayUntilGroupIs('PreparingRebalance');
      await b.heartbeat();
      await a.heartbeat();
      await a.join();
      await a.sync([a]);
      await a.untilGroupIs('Empty');
      await a.heartbeat();
      await a.commit();
      await a.describe();
    },
    shortSessions,
  ),

  'a member that does not join again, and one that does not sync': withMembers('late', async (member) => {
    const [a, b] = await pair(member);
    const rejoining = b.join({ protocols: [{ name: 'range', metadata: subscription('other') }] });
    await a.untilGroupIs('PreparingRebalance');
    await a.stayUntilGroupIs('CompletingRebalance');
    await rejoining;
    await b.sync([b]);
    await a.heartbeat();
    await b.describe();
  }),

  'static members': withMembers('fixed', async (member) => {
    const [a, b] = [await member('a', 'one'), await member('b', 'two')];
    const twin = await member('twin', 'one');
    await settleBoth(a, b);
    await twin.join();
    await a.heartbeat();
    await a.commit();
    await a.join();
    await a.sync();
    await twin.heartbeat();
    await twin.sync([twin, b]);
    await a.leave();
    await twin.describe();
    await twin.leave();
    await b.heartbeat();
  }),

  'static members with the same name at once': withMembers('twins', async (member) => {
    const [a, b] = [await member('a', 'one'), await member('b', 'two')];
    await a.enter();
    await a.sync([a]);
    const entering = b.enter();
    await a.untilGroupIs('PreparingRebalance');
    const twin = await member('twin', 'two');
    const replaced = twin.join();
    await entering;
    await Promise.all([a.join(), replaced]);
    await b.heartbeat();
    await Promise.all([twin.sync(), a.sync([a, twin])]);
  }),

  'ids given out and not used': withMembers('pending', async (member) => {
    const [a, b] = [await member('a'), await member('b')];
    await a.join();
    await a.heartbeat();
    await a.sync();
    await b.join();
    await b.leave(1);
    await b.leave(3);
    const second = a.join();
    await second;
    await a.sync([a]);
    await a.describe();
  }),

  'an id given out does not hold up the first generation': withMembers('hurried', async (member) => {
    const [a, b] = [await member('a'), await member('b')];
    await a.join();
    await b.join();
    await a.join();
    // Kafka shows a group once it is stored, a moment after it answered.
    await a.untilGroupIs('CompletingRebalance');
    await a.describe();
    await a.sync([a]);
    await a.heartbeat();
    const entering = b.join();
    await a.untilGroupIs('PreparingRebalance');
    await Promise.all([entering, a.join()]);
  }),

  'one that leaves while its join waits, by another connection': withMembers('torn', async (member) => {
    const [a, b] = await pair(member);
    const waiting = b.join({ protocols: [{ name: 'range', metadata: subscription('other') }] });
    await a.untilGroupIs('PreparingRebalance');
    const other = await member('other');
    other.memberId = b.memberId;
    await other.leave();
    await waiting;
    await a.describe();
  }),

  'a session that ends between the generations': withMembers(
    'between',
    async (member) => {
      const [a, b] = await pair(member);
      const joining = a.join();
      await b.untilGroupIs('PreparingRebalance');
      await joining;
      await a.describe();
      await a.untilGroupIs('Empty');
      await a.heartbeat();
    },
    shortSessions,
  ),

  'one that is taken out syncs in each state of the group': withMembers('taken-out', async (member) => {
    const [a, b] = [await member('a'), await member('b')];
    await gather(a, b);
    await b.leave();
    await b.sync([b]);
    await a.sync([a]);
    await a.join();
    await b.sync([b]);
    await a.heartbeat();
    await a.sync([a]);
    await b.sync([b]);
    await b.heartbeat();
    await empty(a);
    await b.sync([b]);
    await a.sync([a]);
  }),

  'one that is taken out by another while its sync waits': withMembers('waiting', async (member, seen) => {
    const [a, b] = [await member('a'), await member('b')];
    await gather(a, b);
    const waiting = b.sync();
    const other = await member('other');
    await sleep(arrivalMs);
    other.memberId = b.memberId;
    await other.leave();
    await a.heartbeat();
    await a.join();
    await a.sync([a]);
    const isTold = await Promise.race([waiting.then(() => true), sleep(arrivalMs, false)]);
    seen.push(['b, whose sync waited, is told', isTold]);
    await a.describe();
    await empty(a);
    // Its answer, if there is none yet, comes no more.
    waiting.catch(() => undefined);
  }),

  'a leader whose session ends while the others wait for it': withMembers(
    'leaderless',
    async (member) => {
      const [a, b] = [await member('a'), await member('b')];
      await gather(a, b);
      await b.sync();
      await a.sync([a, b]);
      await b.join();
      await a.sync([a]);
      await b.sync([b]);
      await a.sync([a]);
      await a.heartbeat();
      await b.describe();
      await empty(b);
    },
    shortSessions,
  ),

  'static members that are taken out or replaced sync': withMembers('fixed-out', async (member) => {
    const [a, b] = [await member('a', 'one'), await member('b', 'two')];
    await gather(a, b);
    await b.leave();
    await b.sync([b]);
    await a.join();
    await b.sync([b]);
    const twin = await member('twin', 'one');
    const joined = twin.join();
    await a.untilGroupIs('CompletingRebalance');
    await joined;
    await a.sync([a]);
    await twin.sync([twin]);
    await a.sync([a]);
    await b.sync([b]);
    await empty(twin);
  }),
};
