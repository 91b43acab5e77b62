import { Duration } from 'luxon';
import { PrivacyError } from '../errors.js';

/** A rule by which requests must be answered. Periods are ISO 8601 durations: of months, of days, or of hours. */
export interface DeadlinePolicy {
  /** What the certificate names, e.g. `GDPR Art. 12(3)`. */
  readonly law: string;
  /** From the request. */
  readonly period: string;
  /** Once extended: so much longer, counted from the request too. */
  readonly extension?: string;
}

/**
 * `gdpr`: one month, extendable by two further months (Art. 12(3)). `ccpa`: 45 days, and 45 more (California Code of Regulations,
 * title 11, § 7021(b)).
 */
export const deadlinePolicies = {
  gdpr: { law: 'GDPR Art. 12(3)', period: 'P1M', extension: 'P2M' },
  ccpa: { law: 'CCPA, 11 CCR § 7021(b)', period: 'P45D', extension: 'P45D' },
} as const satisfies Readonly<Record<string, DeadlinePolicy>>;

export type NamedPolicy = keyof typeof deadlinePolicies;

/** A period in one unit. */
export interface Period {
  readonly unit: 'months' | 'days' | 'hours';
  readonly count: number;
}

/** A policy whose periods were read. */
export interface ReadPolicy {
  readonly law: string;
  readonly period: Period;
  /** Period and extension together; null where nothing is extended. */
  readonly extended: Period | null;
}

/** Longer than any law gives, and far from where a date overflows. */
const mostOf = { months: 120, days: 3_660, hours: 87_840 } as const;
const units = ['months', 'days', 'hours'] as const;

/** Throws PrivacyError DEADLINE_POLICY_INVALID. */
export function readPolicy(policy: NamedPolicy | DeadlinePolicy): ReadPolicy {
  const { law, period, extension }: DeadlinePolicy = typeof policy === 'string' ? named(policy) : policy;
  if (law.trim() === '') throw invalid('a policy needs the name of its law: it stands in the certificate');
  const first = readPeriod(period);
  if (extension === undefined) return { law, period: first, extended: null };
  const { unit, count } = readPeriod(extension);
  if (unit !== first.unit) {
    throw invalid(`the extension ${quoted(extension)} must have the unit of the period ${quoted(period)}`);
  }
  return { law, period: first, extended: { unit, count: first.count + count } };
}

function named(name: string): DeadlinePolicy {
  const policy = Object.hasOwn(deadlinePolicies, name) ? deadlinePolicies[name as NamedPolicy] : undefined;
  if (policy !== undefined) return policy;
  throw invalid(
    `there is no policy ${quoted(name)}: there are ${Object.keys(deadlinePolicies).join(' and ')}`,
  );
}

/** One unit alone: a month and ten days could be counted in two orders, with two ends. */
function readPeriod(text: string): Period {
  const duration = Duration.fromISO(text);
  const parts = Object.entries(duration.isValid ? duration.toObject() : {}).filter(
    ([, count]) => count !== 0,
  );
  const [part, ...others] = parts;
  const unit = units.find((each) => each === part?.[0]);
  const count = part?.[1] ?? 0;
  if (
    unit === undefined ||
    others.length > 0 ||
    !Number.isSafeInteger(count) ||
    count < 1 ||
    count > mostOf[unit]
  ) {
    throw invalid(
      `${quoted(text)} is no period: give an ISO 8601 duration of 1 to ${mostOf.months} months (P1M), ${mostOf.days} days (P30D) or ${mostOf.hours} hours (PT72H)`,
    );
  }
  return { unit, count };
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function invalid(why: string): PrivacyError {
  return new PrivacyError('DEADLINE_POLICY_INVALID', `The policy of deadlines cannot be used: ${why}.`);
}
