import type { Clock } from '@oubliette/runtime';
import type { BrokerConfig } from '../config/broker-config.js';
import type { FetchSessionCache } from '../handlers/fetch-session-cache.js';
import type { TransactionRefusals } from '../handlers/transaction-refusals.js';
import type { GroupService } from '../groups/group-service.js';
import type { Logger } from '../logger.js';
import type { LogManager } from '../log/partition-log.js';
import type { ClusterRegistry } from '../topics/cluster-registry.js';
import type { TopicManager } from '../topics/topic-manager.js';
import type { DelayedQueue } from './delayed-queue.js';

/** Where clients reach this broker. */
export interface Advertised {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  /** broker.rack */
  readonly rack: string | null;
}

/** What a handler works with. */
export interface BrokerServices {
  readonly config: BrokerConfig;
  readonly registry: ClusterRegistry;
  readonly topics: TopicManager;
  readonly logs: LogManager;
  readonly groups: GroupService;
  readonly delayed: DelayedQueue;
  readonly fetchSessions: FetchSessionCache;
  readonly transactionRefusals: TransactionRefusals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  /** The size of the volume it stands on, and what is free of it. Throws DiskError. */
  readonly volume: () => { readonly totalBytes: bigint; readonly usableBytes: bigint };
  readonly advertised: Advertised;
}
