import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { kafkaLibs } from './live-kafka.js';

const longestMs = 120_000;

/** Runs one of Kafka's classes to its end and gives what it printed; fails when it does not exit with 0. */
export async function java(className: string, ...args: readonly string[]): Promise<string> {
  const options = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const child = spawn('java', [...options, '-cp', `${kafkaLibs}/*`, className, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.notEqual(code, null, `${className} did not end within ${longestMs} ms: ${output}`);
  assert.equal(code, 0, output);
  return output;
}

/** What kafka.tools.DumpLogSegments says of files of a log. */
export function dumpSegments(files: readonly string[], ...options: readonly string[]): Promise<string> {
  return java('kafka.tools.DumpLogSegments', ...options, '--files', files.join(','));
}
