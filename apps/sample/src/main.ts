import { startSample } from './startup/start-sample.js';
import { readSettings } from './startup/settings.js';

const toStderr = (line: string): void => void process.stderr.write(`${line}\n`);

/** Every failure is one line: what happened and what to do. Foreign errors' messages are shown here only, at the start. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? `${String(error.code)}: ` : '';
  return `${code}${error.message}`.replaceAll(/\s*\n\s*/g, ' ');
}

async function main(): Promise<void> {
  const sample = await startSample(readSettings(process.env, process.cwd()), toStderr);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    sample.close().then(
      () => (process.exitCode = 0),
      (error: unknown) => {
        toStderr(`error: the sample did not stop cleanly: ${describe(error)}`);
        process.exitCode = 1;
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`Open ${sample.address}/#token=${sample.adminToken}\n`);
  process.stdout.write(`ready ${sample.address}\n`);
}

main().catch((error: unknown) => {
  toStderr(`error: ${describe(error)}`);
  process.exitCode = 1;
});
