import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import type { EngineServer } from './engine-server.js';
import {
  jvmFlags,
  startKafkaNode,
  type KafkaMetadata,
  type KafkaPlace,
  type KafkaServerOptions,
} from './kafka-node.js';
import { runToEnd } from './managed-process.js';

/** Starts one combined node (broker and controller) of Apache Kafka; resolves when it serves. Needs `java`. */
export function startKafka(options: KafkaServerOptions): Promise<EngineServer> {
  return startKafkaNode(kraft, options);
}

const kraft: KafkaMetadata = {
  name: 'Apache Kafka',
  libsVariable: 'OUBLIETTE_KAFKA_LIBS',
  readyText: 'Kafka Server started',
  prepare: async ({ port }) => ({ config: nodeConfig(port, await freePort()), beside: null }),
  format: (place, configFile) => {
    if (!existsSync(join(place.dataDir, 'meta.properties'))) format(place, configFile);
  },
};

// StorageTool, not a meta.properties of our own: without its bootstrap records the feature levels stay at 0.
function format({ classPath }: KafkaPlace, configFile: string): void {
  const tool = ['-Xmx256m', ...jvmFlags, '-cp', classPath, 'kafka.tools.StorageTool'];
  // Any base64 UUID will do: the cluster lives alone.
  const clusterId = Buffer.from(`oubliette${process.pid}`.padEnd(16, '0'))
    .subarray(0, 16)
    .toString('base64url');
  runToEnd("Kafka's StorageTool", 'java', [...tool, 'format', '-t', clusterId, '-c', configFile]);
}

function nodeConfig(port: number, controllerPort: number): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    // A node that was killed may register again only when its old session has run out.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
  };
}
