import type { KafkaSettings, TopicAdmin } from '@oubliette/kafka';
import type { CliContext, GlobalOptions } from './context.js';
import { CliError } from './errors.js';
import { readRunningSample, whyNoSample } from './sample/running-sample.js';

/** About 5 s: longer than an election takes, and as long as somebody looks at a terminal where nothing happens. */
const retries = 25;

/** Brokers by --brokers, else OUBLIETTE_BROKERS, else those of the sample in the data directory. */
export function clusterOf(context: CliContext, options: GlobalOptions): KafkaSettings {
  const named = options.brokers ?? context.env['OUBLIETTE_BROKERS'];
  const brokers = named?.split(',') ?? readRunningSample(context.disk, options.dataDir)?.brokers ?? [];
  const addresses = brokers.map((broker) => broker.trim()).filter((broker) => broker !== '');
  if (addresses.length === 0)
    throw new CliError(
      'NO_BROKERS',
      `No brokers: give --brokers host:port or OUBLIETTE_BROKERS, or start the sample (npm start). ${whyNoSample(context.disk, options.dataDir)}`,
    );
  const { clock } = context;
  return { brokers: addresses, clientId: 'oubliette-cli', clock, retries };
}

/** Runs `work` with an admin client and closes it. */
export async function withAdmin<T>(
  context: CliContext,
  options: GlobalOptions,
  work: (admin: TopicAdmin) => Promise<T>,
): Promise<T> {
  // Loaded here: most commands need no client.
  const { createAdmin } = await import('@oubliette/kafka');
  const admin = await createAdmin(clusterOf(context, options));
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
