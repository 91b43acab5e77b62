import { resolve } from 'node:path';
import { Compression, type CompressionName } from '@oubliette/protocol';
import {
  SystemClock,
  SystemDisk,
  SystemEntropy,
  type Clock,
  type Disk,
  type Entropy,
} from '@oubliette/runtime';
import { BrokerConfig } from './config/broker-config.js';
import { toLogConfig } from './config/topic-config.js';
import { BrokerError } from './errors.js';
import { GroupService } from './groups/group-service.js';
import type { OffsetsPartitions } from './groups/offsets-log.js';
import { FetchSessionCache } from './handlers/fetch-session-cache.js';
import { handlers } from './handlers/handlers.js';
import { TransactionRefusals } from './handlers/transaction-refusals.js';
import type { CleanerSettings } from './log/cleaner/cleaner-settings.js';
import { openLogManager } from './log/log-manager.js';
import type { LogConfig, LogManager } from './log/partition-log.js';
import { silentLogger, type Logger } from './logger.js';
import { admissionLimits } from './server/admission-limits.js';
import { BrokerServer } from './server/broker-server.js';
import { clientListener } from './server/client-listener.js';
import { DelayedQueue } from './server/delayed-queue.js';
import { Dispatcher } from './server/dispatcher.js';
import { formatAddress } from './server/listener-address.js';
import { ClusterRegistry } from './topics/cluster-registry.js';
import { ClusterStore } from './topics/cluster-store.js';
import { assertOwnDirectory, keepMetaProperties } from './topics/meta-properties.js';
import { TopicManager } from './topics/topic-manager.js';
import { automaticTopic } from './topics/automatic-topic.js';
import { offsetsTopic } from './topics/topic-name.js';

/** What a broker starts with. */
export interface BrokerOptions {
  /** Where logs and topics are kept; made when missing. */
  readonly dataDir: string;
  /** Address to listen on; overrides `listeners` of the configuration. Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free port. Default: that of `listeners`, 9092. */
  readonly port?: number;
  /** Kafka's broker settings by their Kafka names. */
  readonly config?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly disk?: Disk;
  readonly entropy?: Entropy;
  readonly logger?: Logger;
  /** Ends a start that is under way, which then throws STOPPED. A broker that serves is ended by `stop`. */
  readonly signal?: AbortSignal;
}

export interface RunningBroker {
  /** host:port that clients bootstrap from. */
  readonly bootstrap: string;
  /** Answers what is under way, writes what is to be written, releases the data directory. */
  stop(): Promise<void>;
}

const stateFile = 'cluster.json';

/**
 * Starts the bundled broker; resolves when it serves. Throws BrokerError: CONFIG_INVALID, PORT_TAKEN, ADDRESS_NOT_AVAILABLE,
 * DATA_DIR_LOCKED, DATA_DIR_NOT_WRITABLE, DATA_DIR_CORRUPT, STOPPED.
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const logger = options.logger ?? silentLogger;
  const clock = options.clock ?? new SystemClock();
  const entropy = options.entropy ?? new SystemEntropy();
  const config = new BrokerConfig(options.config);
  for (const name of config.ignored) {
    logger.warn(`the setting ${name} has no effect on this broker; it is kept and shown`);
  }
  const { host, port } = listenAddress(options, config);
  const dataDir = resolve(options.dataDir);
  const disk = options.disk ?? new SystemDisk();
  const server = new BrokerServer(clock, logger, {
    maxRequestBytes: config.number('socket.request.max.bytes'),
    admission: admissionLimits(config),
    maxIdleMs: config.number('connections.max.idle.ms'),
  });
  const { logs, registry } = await openState({
    disk,
    clock,
    entropy,
    logger,
    config,
    dataDir,
    signal: options.signal,
  });
  /** What is open, to be closed in reverse order. */
  const opened: (() => Promise<void>)[] = [() => logs.close(), () => registry.close()];
  try {
    const topics = new TopicManager({ registry, logs, config, entropy, clock, logger });
    opened.push(() => topics.close());
    await topics.start();
    const settings = coordinatorSettings(config);
    const partitions =
      topics.topics.get(offsetsTopic)?.partitions ?? config.number('offsets.topic.num.partitions');
    const groups = new GroupService({ clock, entropy, logger, settings }, () =>
      offsetsPartitions(topics, config, partitions),
    );
    opened.push(() => groups.close());
    topics.onDelete((topic) => groups.topicDeleted(topic));
    // Without the topic there is nothing to load: the first who looks for a coordinator has it made, as on Kafka.
    if (topics.topics.has(offsetsTopic)) await groups.start();
    const boundPort = await server.listen(host, port);
    const delayed = new DelayedQueue(clock);
    // Requests that wait for appends or for other members are answered first: the server waits for its answers.
    const finishWaiting = (): Promise<void> => {
      delayed.close();
      return groups.close();
    };
    opened.push(() => server.stop(finishWaiting));
    const advertised = {
      nodeId: config.number('node.id'),
      rack: config.value('broker.rack'),
      ...advertisedAddress(config, host, boundPort),
    };
    const fetchSessions = new FetchSessionCache(
      clock,
      entropy,
      config.number('max.incremental.fetch.session.cache.slots'),
    );
    const services = {
      config,
      registry,
      topics,
      logs,
      groups,
      delayed,
      fetchSessions,
      transactionRefusals: new TransactionRefusals(logger),
      clock,
      logger,
      dataDir,
      volume: () => disk.volumeSync(dataDir),
      advertised,
    };
    server.serve(new Dispatcher(handlers, services));
    config.onChange(() => server.settingsChanged());
    logger.info('the broker serves', { host, port: boundPort, topics: topics.topics.size });
    let stopping: Promise<void> | null = null;
    return {
      bootstrap: formatAddress(advertised.host, advertised.port),
      stop: () => (stopping ??= closeAll(opened).then(() => logger.info('the broker has stopped'))),
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/** Closes in reverse order, all of it whatever fails; then throws the first failure. */
async function closeAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of [...opened].reverse()) await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** The logs first, since opening them takes the directory's lock; what is stored about topics is read under that lock. */
async function openState(parts: {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly dataDir: string;
  readonly signal: AbortSignal | undefined;
}): Promise<{ logs: LogManager; registry: ClusterRegistry }> {
  const { disk, clock, entropy, logger, config, dataDir } = parts;
  let opened: ClusterRegistry | null = null;
  const registry = (): ClusterRegistry => {
    if (opened === null) {
      assertOwnDirectory(disk, dataDir, stateFile);
      opened = new ClusterRegistry(new ClusterStore(disk, resolve(dataDir, stateFile)), entropy);
      keepMetaProperties(
        { disk, directory: dataDir, entropy },
        { clusterId: opened.clusterId, nodeId: config.number('node.id') },
      );
      const { cluster, broker } = opened.brokerConfigs;
      config.setDynamic(new Map(Object.entries(cluster)), new Map(Object.entries(broker)));
    }
    return opened;
  };
  const configOf = (topic: string): LogConfig => {
    const stored = registry().topics.get(topic);
    return stored === undefined ? keptForEver(config) : toLogConfig(stored.configs, config);
  };
  const logs = await openLogManager({
    disk,
    clock,
    entropy,
    logger,
    directory: dataDir,
    configOf,
    topicIdOf: (topic) => registry().topics.get(topic)?.id,
    isDeleting: (topic) => registry().deleting.has(topic),
    leaderEpochOf: (topic, partition) => registry().leaderEpoch(topic, partition),
    retentionCheckIntervalMs: config.number('log.retention.check.interval.ms'),
    initialTaskDelayMs: config.number('log.initial.task.delay.ms'),
    directoryDeleteDelayMs: () => config.number('log.segment.delete.delay.ms'),
    recoveryThreads: config.number('num.recovery.threads.per.data.dir'),
    flushCheckIntervalMs: config.number('log.flush.scheduler.interval.ms'),
    checkpointIntervalMs: config.number('log.flush.offset.checkpoint.interval.ms'),
    logStartCheckpointIntervalMs: config.number('log.flush.start.offset.checkpoint.interval.ms'),
    producerExpirationMs: () => config.number('producer.id.expiration.ms'),
    producerCheckIntervalMs: config.number('producer.id.expiration.check.interval.ms'),
    ...(parts.signal === undefined ? {} : { signal: parts.signal }),
    cleanerBackoffMs: () => config.number('log.cleaner.backoff.ms'),
    cleaner: () => cleanerSettings(config),
  });
  try {
    return { logs, registry: registry() };
  } catch (error) {
    await logs.close();
    throw error;
  }
}

function cleanerSettings(config: BrokerConfig): CleanerSettings {
  return {
    enable: config.flag('log.cleaner.enable'),
    dedupeBufferSize: config.number('log.cleaner.dedupe.buffer.size'),
    loadFactor: Number(config.value('log.cleaner.io.buffer.load.factor')),
    threads: Math.max(1, config.number('log.cleaner.threads')),
    ioMaxBytesPerSecond: Number(config.value('log.cleaner.io.max.bytes.per.second')),
  };
}

/** A log that no topic claims is nobody's to delete from. */
function keptForEver(config: BrokerConfig): LogConfig {
  return { ...toLogConfig({ 'cleanup.policy': 'delete' }, config), retentionMs: -1, retentionBytes: -1 };
}

/**
 * The logs of the committed offsets, made when the first group asks. A topic that is there serves whatever the settings say, as on
 * Kafka. Rejects with INVALID_REPLICATION_FACTOR where they ask for more replicas than there are brokers.
 */
async function offsetsPartitions(
  topics: TopicManager,
  config: BrokerConfig,
  count: number,
): Promise<OffsetsPartitions> {
  if (!topics.topics.has(offsetsTopic)) await topics.create(automaticTopic(offsetsTopic, config));
  return { count, log: (partition) => topics.findLog(offsetsTopic, partition) };
}

function compressionName(codec: number): CompressionName {
  const names = Object.keys(Compression) as CompressionName[];
  return names.find((name) => Compression[name] === codec) ?? 'none';
}

function coordinatorSettings(config: BrokerConfig) {
  return {
    minSessionTimeoutMs: config.number('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: config.number('group.max.session.timeout.ms'),
    maxMembers: config.number('group.max.size'),
    initialRebalanceDelayMs: config.number('group.initial.rebalance.delay.ms'),
    maxMetadataBytes: config.number('offset.metadata.max.bytes'),
    offsetsCompression: compressionName(config.number('offsets.topic.compression.codec')),
    offsetsRetentionMs: config.number('offsets.retention.minutes') * 60_000,
    retentionCheckMs: config.number('offsets.retention.check.interval.ms'),
  };
}

function listenAddress(options: BrokerOptions, config: BrokerConfig): { host: string; port: number } {
  const configured = clientListener(config, 'listeners');
  if (configured === undefined) {
    throw new BrokerError(
      'CONFIG_INVALID',
      'listeners must name a listener, such as PLAINTEXT://127.0.0.1:9092',
    );
  }
  return { host: options.host ?? configured.host, port: options.port ?? configured.port };
}

/** A wildcard address is none that a client could connect to: without advertised.listeners it stands for this machine. */
function advertisedAddress(config: BrokerConfig, host: string, port: number): { host: string; port: number } {
  const advertised = clientListener(config, 'advertised.listeners');
  if (advertised !== undefined) {
    return { host: advertised.host, port: advertised.port === 0 ? port : advertised.port };
  }
  const isWildcard = host === '0.0.0.0' || host === '::' || host === '';
  return { host: isWildcard ? '127.0.0.1' : host, port };
}
