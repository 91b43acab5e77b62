import { GroupCoordinator, type CoordinatorSettings } from '../../src/groups/group-coordinator.js';
import type { ClientIdentity, JoinRequest, JoinResult } from '../../src/groups/group-messages.js';
import { silentLogger } from '../../src/logger.js';
import type { ManualClock } from '@oubliette/runtime/testing';
import { SeededEntropy } from '@oubliette/runtime/testing';
import { open, type World } from '../log/fixture.js';

export const client: ClientIdentity = { clientId: 'c', clientHost: '/127.0.0.1' };
export const sessionTimeoutMs = 10_000;
export const rebalanceTimeoutMs = 30_000;

export function joinRequest(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    groupId: 'g',
    memberId: '',
    instanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription('t') }],
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    requireKnownMemberId: false,
    supportsSkippingAssignment: false,
    ...overrides,
  };
}

/** ConsumerProtocolSubscription version 0 of one topic, by hand. */
export function subscription(topic: string): Uint8Array {
  const name = Buffer.from(topic);
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 0, 1, 0, name.length]),
    name,
    Buffer.from([255, 255, 255, 255]),
  ]);
}

/** A coordinator on one simulated log, and its next life on the same log. */
export class CoordinatorFixture {
  readonly clock: ManualClock;
  coordinator: GroupCoordinator;

  private constructor(
    readonly world: World,
    readonly initialRebalanceDelayMs: number,
  ) {
    this.clock = this.world.clock;
    this.world.logs.create('__consumer_offsets', 0, this.world.config);
    this.coordinator = this.#newCoordinator();
  }

  static async start(initialRebalanceDelayMs = 0): Promise<CoordinatorFixture> {
    const world = await open({ cleanupPolicy: new Set(['compact'] as const) });
    const fixture = new CoordinatorFixture(world, initialRebalanceDelayMs);
    await fixture.coordinator.start();
    return fixture;
  }

  async restart(changed: Partial<CoordinatorSettings> = {}): Promise<void> {
    await this.coordinator.close();
    this.coordinator = this.#newCoordinator(changed);
    await this.coordinator.start();
  }

  #newCoordinator(changed: Partial<CoordinatorSettings> = {}): GroupCoordinator {
    const log = this.world.logs.get('__consumer_offsets', 0);
    if (log === undefined) throw new Error('no offsets log');
    return new GroupCoordinator({
      offsets: { count: 1, log: () => log },
      clock: this.clock,
      entropy: new SeededEntropy(7),
      logger: silentLogger,
      settings: {
        minSessionTimeoutMs: 1000,
        maxSessionTimeoutMs: 60_000,
        maxMembers: 3,
        initialRebalanceDelayMs: this.initialRebalanceDelayMs,
        maxMetadataBytes: 10,
        offsetsCompression: 'none',
        offsetsRetentionMs: 100_000,
        retentionCheckMs: 10_000,
        ...changed,
      },
    });
  }

  /** One member alone, through to Stable. */
  async settleOne(overrides: Partial<JoinRequest> = {}): Promise<JoinResult> {
    const joined = await this.coordinator.join(joinRequest(overrides), client);
    await this.syncLeader(joined);
    return joined;
  }

  syncLeader(joined: JoinResult, assignments: Readonly<Record<string, string>> = {}) {
    const given = Object.entries(assignments).map(([memberId, text]) => ({
      memberId,
      assignment: Buffer.from(text),
    }));
    return this.sync(joined, given);
  }

  sync(joined: JoinResult, assignments: { memberId: string; assignment: Uint8Array }[] = []) {
    const { memberId, generation } = joined;
    const none = { instanceId: null, protocolType: null, protocolName: null };
    return this.coordinator.sync({ groupId: 'g', memberId, generation, ...none, assignments });
  }

  heartbeat(joined: Pick<JoinResult, 'memberId' | 'generation'>, instanceId: string | null = null): string {
    try {
      const { memberId, generation } = joined;
      this.coordinator.heartbeat({ groupId: 'g', memberId, generation, instanceId });
      return 'NONE';
    } catch (error) {
      return (error as { codeName: string }).codeName;
    }
  }
}
