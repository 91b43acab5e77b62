import type { CliContext } from '../context.js';

export interface Progress {
  /** `share` from 0 to 1. */
  update(share: number, lines: number): void;
  end(): void;
}

const linesPerMessage = 50_000;

/** A bar where a person looks at standard error, else a line every 50,000 records. */
export async function makeProgress(context: CliContext): Promise<Progress> {
  if (!context.errIsTerminal) return quietProgress(context);
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({
    format: '{bar} {percentage}% | {lines} records | {duration_formatted}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(1000, 0, { lines: 0 });
  return {
    update: (share, lines) => bar.update(Math.min(1000, Math.floor(share * 1000)), { lines }),
    end: () => bar.stop(),
  };
}

function quietProgress(context: CliContext): Progress {
  let said = 0;
  return {
    update: (_share, lines) => {
      if (lines - said < linesPerMessage) return;
      said = lines;
      context.err(`${lines} records\n`);
    },
    end: () => undefined,
  };
}
