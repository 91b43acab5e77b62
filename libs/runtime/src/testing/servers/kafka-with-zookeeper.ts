import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { SystemClock } from '../../system-clock.js';
import type { EngineServer } from './engine-server.js';
import { freePort } from './free-port.js';
import {
  jvmFlags,
  startKafkaNode,
  writeProperties,
  type KafkaMetadata,
  type KafkaPlace,
  type KafkaServerOptions,
} from './kafka-node.js';
import { startProcess, type ManagedProcess } from './managed-process.js';

/** Starts one broker of Apache Kafka and the ZooKeeper that it needs, both on this machine alone; for versions before 4. */
export function startKafkaWithZooKeeper(options: KafkaServerOptions): Promise<EngineServer> {
  return startKafkaNode(zooKeeper, options);
}

const zooKeeper: KafkaMetadata = {
  name: 'Apache Kafka with ZooKeeper',
  libsVariable: 'OUBLIETTE_KAFKA39_LIBS',
  readyText: '[KafkaServer id=1] started',
  prepare: async (place) => {
    const port = await freePort();
    return { config: nodeConfig(place.port, port), beside: await startZooKeeper(place, port) };
  },
  format: () => undefined,
};

const readyTimeoutMs = 90_000;
const sessionMs = 3_000;

function startZooKeeper({ classPath, workDir }: KafkaPlace, port: number): Promise<ManagedProcess> {
  const home = join(workDir, 'zookeeper');
  const configFile = join(workDir, 'zookeeper.properties');
  mkdirSync(home, { recursive: true });
  writeProperties(configFile, {
    dataDir: home,
    clientPort: `${port}`,
    clientPortAddress: '127.0.0.1',
    tickTime: '500',
    'admin.enableServer': 'false',
    '4lw.commands.whitelist': 'dump',
  });
  const main = 'org.apache.zookeeper.server.ZooKeeperServerMain';
  return startProcess({
    name: 'ZooKeeper',
    command: 'java',
    args: ['-Xmx128m', ...jvmFlags, '-cp', classPath, main, configFile],
    logFile: join(workDir, 'zookeeper.log'),
    // A broker that was killed has its place until its session is over, and another that comes before ends itself.
    ready: async () => (await dump(port)).includes('Sessions with Ephemerals (0)'),
    readyTimeoutMs,
    stopSignal: 'SIGTERM',
    clock: new SystemClock(),
  });
}

/** Who has a session; nothing while it does not serve. */
function dump(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write('dump'));
    let answer = '';
    socket.setEncoding('latin1');
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (part: string) => void (answer += part));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(answer));
  });
}

function nodeConfig(port: number, zooKeeperPort: number): Record<string, string> {
  return {
    'broker.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port}`,
    'zookeeper.connect': `127.0.0.1:${zooKeeperPort}`,
    'zookeeper.session.timeout.ms': `${sessionMs}`,
  };
}
