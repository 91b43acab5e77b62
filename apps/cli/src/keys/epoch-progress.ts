import type { EpochProgress } from '@oubliette/keyring';
import type { CliContext } from '../context.js';
import { progressMaker, type Progress } from '../progress.js';

/** Says each step of the turn of an epoch once, and shows the re-wrapping as it goes. */
export class EpochReport {
  #step: EpochProgress['step'] | null = null;
  #bar: Progress | null = null;
  rewrapped = 0;

  private constructor(
    private readonly context: CliContext,
    private readonly makeBar: () => Progress,
  ) {}

  static async open(context: CliContext): Promise<EpochReport> {
    // Asked for once: bars are made in the middle of a synchronous call.
    const make = await progressMaker(context, 'keys wrapped anew');
    return new EpochReport(context, make);
  }

  readonly hear = ({ step, done, total }: EpochProgress): void => {
    this.rewrapped = done;
    if (step !== this.#step) {
      this.end();
      this.#step = step;
      this.context.err(`${step}\n`);
    }
    if (step !== 're-wrapping') return;
    this.#bar ??= this.makeBar();
    this.#bar.update(total === 0 ? 1 : done / total, done);
  };

  end(): void {
    this.#bar?.end();
    this.#bar = null;
  }
}
