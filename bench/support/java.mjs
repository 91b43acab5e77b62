import { spawn } from 'node:child_process';
import { once } from 'node:events';

const libs = process.env['OUBLIETTE_KAFKA_LIBS'];
const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];

/** Runs one of Kafka's command-line tools to its end; resolves to what it printed. */
export async function java(className, args) {
  const child = spawn('java', [...flags, '-cp', `${libs}/*`, className, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  let [out, error] = ['', ''];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (error += data));
  const [code] = await once(child, 'close');
  process.removeListener('exit', kill);
  if (code !== 0) throw new Error(`${className} ended with ${code}: ${error.slice(-500)}`);
  return out;
}

/** Java's ProducerPerformance: `{ perSecond, p99 }` of its last line. */
export async function produceWithJava(bootstrap, { topic, records, size, compression, acks }) {
  const out = await java('org.apache.kafka.tools.ProducerPerformance', [
    '--topic',
    topic,
    '--num-records',
    String(records),
    '--record-size',
    String(size),
    '--throughput',
    '-1',
    '--producer-props',
    `bootstrap.servers=${bootstrap}`,
    `acks=${acks}`,
    `compression.type=${compression}`,
    'linger.ms=5',
  ]);
  const last = out.trim().split('\n').at(-1) ?? '';
  const perSecond = Number(/([\d.]+) records\/sec/.exec(last)?.[1]);
  const p99 = Number(/(\d+) ms 99th/.exec(last)?.[1]);
  if (!Number.isFinite(perSecond)) throw new Error(`ProducerPerformance said: ${last}`);
  return { perSecond, p99 };
}

/** Java's ConsumerPerformance: records per second of fetching. */
export async function consumeWithJava(bootstrap, { topic, records }) {
  const out = await java('org.apache.kafka.tools.ConsumerPerformance', [
    '--bootstrap-server',
    bootstrap,
    '--topic',
    topic,
    '--messages',
    String(records),
    '--timeout',
    '60000',
  ]);
  const lines = out.trim().split('\n');
  const names = (lines.at(-2) ?? '').split(', ').map((name) => name.trim());
  const values = (lines.at(-1) ?? '').split(', ').map((value) => value.trim());
  const perSecond = Number(values[names.findIndex((name) => name.startsWith('fetch.nMsg.sec'))]);
  if (!Number.isFinite(perSecond)) throw new Error(`ConsumerPerformance said: ${lines.at(-1)}`);
  return { perSecond };
}
