import { runBroker } from './run-broker.js';

/** Runs the daemon as this process: its streams, SIGTERM and SIGINT as the wish to stop. Resolves to the exit code. */
export async function runBrokerInProcess(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  try {
    return await runBroker(args, { stdout: process.stdout, stderr: process.stderr, stop: stop.signal });
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}
