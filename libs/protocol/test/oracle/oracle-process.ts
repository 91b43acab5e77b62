import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface OraclePaths {
  /** Java source of the byte oracle: `enc|dec|def req|res KEY VERSION JSON` on standard input with `batch`. */
  readonly oracle: string;
  /** Directory of Apache Kafka's jars. */
  readonly kafkaLibs: string;
}

/** Where the oracle and Kafka's jars are, from the environment; null where one is not named. */
export function oraclePaths(env: NodeJS.ProcessEnv): OraclePaths | null {
  const oracle = env['OUBLIETTE_ORACLE'];
  const kafkaLibs = env['OUBLIETTE_KAFKA_LIBS'];
  return oracle === undefined || kafkaLibs === undefined ? null : { oracle, kafkaLibs };
}

/** Gives all lines to a Java program and resolves to its answers, one a line. */
export async function askJava(
  source: string,
  kafkaLibs: string,
  args: readonly string[],
  lines: readonly string[],
): Promise<string[]> {
  const child = spawn('java', ['-Xmx512m', '-cp', `${kafkaLibs}/*`, source, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answers: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => answers.push(chunk));
  child.stdin.end(`${lines.join('\n')}\n`);
  const [code] = (await once(child, 'close')) as [number | null];
  const text = Buffer.concat(answers).toString('utf8').trimEnd().split('\n');
  if (code !== 0 || text.length !== lines.length) {
    throw new Error(`${source} ended with ${code} and ${text.length} answers to ${lines.length} questions`);
  }
  return text;
}
