import { InvalidArgumentError, type Command } from 'commander';
import { answers } from '../action.js';
import type { CliContext } from '../context.js';
import { counted } from '../counted.js';
import { duration } from '../option-values.js';
import { SampleClient } from '../sample/sample-client.js';

interface ImportOptions {
  readonly module: string;
  readonly presentation: string;
  readonly rate?: number;
  readonly wait: number;
}

const chunkLines = 5_000;

export function addImportCommand(program: Command, context: CliContext): void {
  const oulad = program
    .command('import')
    .description('streams records into the running sample')
    .command('oulad')
    .description('one course of the Open University Learning Analytics Dataset; can be run again at any time')
    .argument('<dir>', 'directory of its CSV files, plain or gzipped')
    .option('--module <code>', 'code_module', 'AAA')
    .option('--presentation <code>', 'code_presentation', '2013J')
    .option('--rate <n>', 'records a second at most', perSecond)
    .option('--wait <duration>', 'how long to wait for a sample that went away', duration, 120_000);
  answers<ImportOptions>(oulad, context, async (options, [directory = '']) => {
    const { clock } = context;
    const { OuladCourse } = await import('../import/oulad.js');
    const { upload } = await import('../import/uploader.js');
    const { makeProgress } = await import('../progress.js');
    const course = new OuladCourse(directory, options.module, options.presentation);
    const client = new SampleClient(context, options.dataDir);
    const limits = { chunkLines, ratePerSecond: options.rate ?? null, waitMs: options.wait };
    const began = clock.monotonic();
    const progress = await makeProgress(context);
    let result;
    try {
      result = await upload(context, client, course.records(), limits, (lines) =>
        progress.update(course.bytesRead / course.size, lines),
      );
    } finally {
      progress.end();
    }
    const seconds = (clock.monotonic() - began) / 1000;
    const counts = Object.entries(result.counts).map(([name, count]) => `${name} ${count}`);
    return {
      document: { course: `${options.module}-${options.presentation}`, seconds, ...result },
      lines: [
        `${options.module}-${options.presentation}: ${counted(result.lines, 'record')} sent in ${seconds.toFixed(1)} s.`,
        `The sample counted: ${counts.join(', ') || 'nothing'}.`,
      ],
    };
  });
}

function perSecond(text: string): number {
  const rate = Number(text);
  if (!(Number.isSafeInteger(rate) && rate > 0))
    throw new InvalidArgumentError('Give a whole number above 0.');
  return rate;
}
