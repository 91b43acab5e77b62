import type { CliContext } from './context.js';
import { Pace } from './pace.js';

export interface Progress {
  /** `share` from 0 to 1; `done` so many of what the progress is of. */
  update(share: number, done: number): void;
  end(): void;
}

const donePerMessage = 50_000;

/** A bar with rate and remaining time where a person looks at standard error, else a line every 50,000. `what` is counted, e.g. `records`. */
export async function makeProgress(context: CliContext, what = 'records'): Promise<Progress> {
  return (await progressMaker(context, what))();
}

/** The same for later, when there is no waiting any more. */
export async function progressMaker(context: CliContext, what: string): Promise<() => Progress> {
  if (!context.errIsTerminal) return () => quietProgress(context, what);
  const { default: progress } = await import('cli-progress');
  return () => {
    const bar = new progress.SingleBar({
      format: `{bar} {percentage}% | {done} ${what} | {pace}`,
      stream: process.stderr,
      hideCursor: true,
    });
    const pace = new Pace(context.clock);
    bar.start(1000, 0, { done: 0, pace: '' });
    return {
      update: (share, done) =>
        bar.update(Math.min(1000, Math.floor(share * 1000)), { done, pace: pace.heard(share, done) }),
      end: () => bar.stop(),
    };
  };
}

function quietProgress(context: CliContext, what: string): Progress {
  let said = 0;
  return {
    update: (_share, done) => {
      if (done - said < donePerMessage) return;
      said = done;
      context.err(`${done} ${what}\n`);
    },
    end: () => undefined,
  };
}
