import { apis } from '@oubliette/protocol';
import { commit } from './group-cases.js';
import { gather, Member, settleBoth } from './group-member.js';
import type { Side } from './two-brokers.js';

/* Groups in every state in which a restart may find them, and what their members hear before, meanwhile and after. */

const patient = { sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 60_000 };

/** The groups of one side. Answers are kept in `seen` under the names of members. */
export class RestartGroups {
  readonly seen: unknown[] = [];
  /** What those heard who waited for an answer when the broker ended. */
  readonly told: unknown[] = [];
  #prepared = 0;
  readonly #members: Member[] = [];
  readonly #waiting: Promise<unknown>[] = [];

  constructor(
    readonly side: Side,
    readonly round: string,
  ) {}

  async #member(group: string, name: string, instanceId: string | null = null): Promise<Member> {
    const client = await this.side.connect();
    const member = new Member(`${group} ${name}`, `${this.round}-${group}`, client, this.seen, instanceId);
    this.#members.push(member);
    return member;
  }

  async prepare(): Promise<void> {
    await this.#stable();
    await this.#assigning();
    await this.#gathering();
    const fresh = await this.#member('fresh', 'a');
    await fresh.enter(patient);
    const left = await this.#member('left', 'a');
    await left.enter(patient);
    await left.sync([left]);
    await left.commit();
    await left.leave();
    await left.untilGroupIs('Empty');
    const { client } = await this.#member('simple', 'a');
    await client.call(apis.offsetCommit, 8, commit(`${this.round}-simple`, [{}]));
    this.#prepared = this.seen.length;
  }

  async #stable(): Promise<void> {
    const [a, b] = [await this.#member('stable', 'a', 'one'), await this.#member('stable', 'b', 'two')];
    await settleBoth(a, b, patient);
    await a.commit();
  }

  /** Everybody has joined, the leader has not assigned: the second waits for it. */
  async #assigning(): Promise<void> {
    const [a, b] = [await this.#member('assigning', 'a'), await this.#member('assigning', 'b')];
    await gather(a, b, patient);
    this.#wait(b.sync());
    await a.heartbeat();
  }

  /** The second waits for the first to join again. */
  async #gathering(): Promise<void> {
    const [a, b] = [await this.#member('gathering', 'a'), await this.#member('gathering', 'b', 'three')];
    await a.enter(patient);
    await a.sync([a]);
    this.#wait(b.join(patient));
    await a.untilGroupIs('PreparingRebalance');
  }

  #wait(answer: Promise<unknown>): void {
    this.#waiting.push(answer.catch((error: unknown) => this.seen.push(String(error))));
  }

  /** Resolves once everybody who waited was answered or lost the connection. */
  async untilTold(): Promise<void> {
    await Promise.all(this.#waiting);
    this.told.push(...this.seen.splice(this.#prepared));
  }

  async reconnect(): Promise<void> {
    for (const member of this.#members) {
      member.client.end();
      member.client = await this.side.connect();
    }
  }

  /** What each hears that goes on as if nothing had happened; then each joins anew by the id it had. */
  async resume(): Promise<void> {
    for (const member of this.#members) {
      await member.describe();
      await member.heartbeat();
      await member.commit();
    }
    for (const member of this.#members) if (!member.name.startsWith('assigning')) await member.sync([member]);
    const [one] = this.#members;
    if (one === undefined) return;
    const twin = await this.#member('stable', 'twin', one.groupInstanceId);
    await twin.join(patient, 9);
    await one.heartbeat();
    await twin.heartbeat();
    await twin.describe();
    for (const member of this.#members.filter(({ name }) => /fresh|left/.test(name)))
      await member.join(patient);
  }

  end(): void {
    for (const { client } of this.#members) client.end();
  }
}
