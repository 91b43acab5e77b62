import type { Command } from 'commander';
import type { ErasureCheck } from '@oubliette/privacy';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { describeCheck } from '../erasure-check-lines.js';
import { CliError } from '../errors.js';
import { collect } from '../option-values.js';
import { SampleClient } from '../sample/sample-client.js';

interface VerifyOptions {
  readonly logDir?: readonly string[];
  readonly everyTopic?: boolean;
}

/**
 * The running application answers: it has the ledger, which alone leads from an erasure to a pseudonym, and that is not to be handed
 * out. So `--log-dir` names directories on its machine, which the command's is, since it reads the application's data directory.
 */
export function addErasureVerify(erasure: Command, context: CliContext): void {
  const verify = erasure
    .command('verify')
    .description(
      "looks for the user's keys anew: in the key topic, and in the log directories of its brokers",
    )
    .argument('<id>')
    .option(
      '--log-dir <dir>',
      "a broker's log directory (log.dirs); may be repeated; that of the bundled broker is always read",
      collect,
    )
    .option('--every-topic', 'look for key records in the files of all other topics too');
  answers<VerifyOptions>(verify, context, async ({ dataDir, logDir = [], everyTopic }, [id = '']) => {
    if (id === '') throw new CliError('USAGE', 'erasure verify: the id is empty.');
    const check = await new SampleClient(context, dataDir).ask({
      method: 'POST',
      path: `/privacy/erasures/${encodeURIComponent(id)}/verify`,
      body: JSON.stringify({
        logDirs: logDir.map((path) => context.disk.realPathSync(path)),
        everyTopic: everyTopic === true,
      }),
    });
    if (!isCheck(check))
      throw new CliError('SAMPLE_REFUSED', 'The sample answered with something else than a verification.');
    return { document: check, lines: describeCheck(check), exitCode: check.verdict === 'clean' ? 0 : 1 };
  });
}

/** As far as it says what it is; what is in it comes from the same version of the same lib. */
function isCheck(answer: unknown): answer is ErasureCheck {
  if (answer === null || typeof answer !== 'object') return false;
  const { verdict, log, files, replicas }: Partial<Record<string, unknown>> = { ...answer };
  return (
    (verdict === 'clean' || verdict === 'remains' || verdict === 'unclear') &&
    typeof log === 'object' &&
    log !== null &&
    typeof files === 'object' &&
    Array.isArray(replicas)
  );
}
