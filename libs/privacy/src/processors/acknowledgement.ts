/** Why a processor may keep data all the same: Art. 17(3) (a) to (e) GDPR, in that order. */
export const refusalReasons = [
  'freedom-of-expression',
  'legal-obligation',
  'public-health',
  'archiving-research-statistics',
  'legal-claims',
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

/** How one processor stands to one erasure. Times in ms since the Unix epoch. */
export interface Acknowledgement {
  readonly erasureId: string;
  /** As `checkProcessor` has it. */
  readonly processor: string;
  /** How often it was asked: 1 is the question, the others are reminders. */
  readonly asks: number;
  /** When it was asked last; null: not yet. */
  readonly askedAt: number | null;
  /** When it is to be asked again; null: never. */
  readonly dueAt: number | null;
  readonly outcome: 'outstanding' | 'erased' | 'refused';
  readonly answeredAt: number | null;
  /** Of a refusal. */
  readonly reason: RefusalReason | null;
  /** The proof of an erasure, the note to a refusal: as `checkReason` has it. */
  readonly text: string | null;
}

/** What a processor says of an erasure, for good. */
export type ProcessorAnswer =
  | { readonly outcome: 'erased'; readonly proof: string }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly note?: string };

/** An answer as it is kept. */
export type GivenAnswer = Pick<Acknowledgement, 'erasureId' | 'processor' | 'reason' | 'text'> & {
  readonly outcome: 'erased' | 'refused';
  readonly answeredAt: number;
};

/** One row an erasure and processor; an answer is taken once. */
export interface AcknowledgementStore {
  /** Adds what is missing of these erasures and processors, outstanding, due at `now`. */
  open(erasureIds: readonly string[], processors: readonly string[], now: number): Promise<void>;
  /** At most `limit` (1 or more) erasures of which an outstanding row is due at `now`, the longest due first. */
  due(now: number, limit: number): Promise<string[]>;
  /** Every row of these erasures by erasure, in the order of the processors' names (by UTF-16 code unit). */
  of(erasureIds: readonly string[]): Promise<ReadonlyMap<string, readonly Acknowledgement[]>>;
  /** Counts one ask more, of the rows given that are still outstanding and were asked as often as they say. */
  asked(rows: readonly Acknowledgement[], at: number, dueAt: number | null): Promise<void>;
  /** False where there is no such row, or it was answered before: the first answer stands. */
  answer(answer: GivenAnswer): Promise<boolean>;
}
