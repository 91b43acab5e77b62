import type { Clock, Disk, Entropy } from '@oubliette/runtime';

/** Everything a command touches outside of itself. */
export interface CliContext {
  /** Standard output: what was asked for. */
  readonly out: (text: string) => void;
  /** Standard error: messages. */
  readonly err: (text: string) => void;
  /** Whether a person looks at standard error. */
  readonly errIsTerminal: boolean;
  /** Asks a person at a terminal, yes or no; null where none is there. Rejects when the process is asked to stop. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** Standard input, to its end; asked for once. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly entropy: Entropy;
  /** Aborts when the process is asked to stop. */
  readonly signal: AbortSignal;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly brokers?: string;
  readonly commandConfig?: string;
  readonly dataDir: string;
}

/** What a command found out: one document for machines, lines for people. */
export interface Answer {
  readonly document: unknown;
  readonly lines: readonly string[];
  /** 1 where the answer is "no". */
  readonly exitCode?: 0 | 1;
}
