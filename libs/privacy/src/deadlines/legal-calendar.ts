import { DateTime, IANAZone } from 'luxon';
import { PrivacyError } from '../errors.js';
import type { Period } from './deadline-policy.js';

export interface CalendarOptions {
  /** IANA name of the zone whose days count, e.g. `Europe/Berlin`. Default UTC. */
  readonly timeZone?: string;
  /**
   * Days on which a period does not end, but on the next working day. Without them every day counts, and no deadline is later than
   * the law has it.
   */
  readonly restDays?: {
    /** 1 Monday to 7 Sunday. Default Saturday and Sunday. */
    readonly weekdays?: readonly number[];
    /** `yyyy-mm-dd`. */
    readonly holidays?: readonly string[];
  };
}

const saturdayAndSunday = [6, 7];
/** Of a period of two days or more (Art. 3(5)). */
const leastWorkingDays = 2;

/** Counts periods as Regulation (EEC, Euratom) No 1182/71, Art. 3, does. */
export class LegalCalendar {
  readonly #zone: string;
  readonly #weekdays: ReadonlySet<number>;
  readonly #holidays: ReadonlySet<string>;

  /** Throws PrivacyError DEADLINE_CALENDAR_INVALID. */
  constructor({ timeZone = 'UTC', restDays }: CalendarOptions = {}) {
    if (timeZone !== 'UTC' && !IANAZone.isValidZone(timeZone)) {
      throw invalid(`${JSON.stringify(timeZone.slice(0, 40))} is no IANA time zone such as Europe/Berlin`);
    }
    this.#zone = timeZone;
    this.#weekdays = new Set(restDays === undefined ? [] : (restDays.weekdays ?? saturdayAndSunday));
    this.#holidays = new Set(restDays?.holidays ?? []);
    const isWeekday = (day: number): boolean => Number.isInteger(day) && day >= 1 && day <= 7;
    if (![...this.#weekdays].every(isWeekday) || this.#weekdays.size > 6) {
      throw invalid('rest days are numbers from 1 (Monday) to 7 (Sunday), and not all of them');
    }
    for (const holiday of this.#holidays) {
      if (/^\d{4}-\d\d-\d\d$/.test(holiday) && DateTime.fromISO(holiday, { zone: 'UTC' }).isValid) continue;
      throw invalid(`the holiday ${JSON.stringify(holiday.slice(0, 40))} is no date yyyy-mm-dd`);
    }
  }

  /** The first moment behind the period that an event at `ms` begins. Both ms since the Unix epoch. */
  endOf({ unit, count }: Period, ms: number): number {
    const event = DateTime.fromMillis(ms, { zone: this.#zone });
    // The hour or day of the event does not count (Art. 3(1)), and the last one does, to its end (3(2)).
    if (unit === 'hours')
      return event
        .startOf('hour')
        .plus({ hours: count + 1 })
        .toMillis();
    const first = event.startOf('day');
    // The same date of the last month, or that month's last day (3(2)(c)).
    const last = first.plus(unit === 'months' ? { months: count } : { days: count });
    const end = this.#onWorkingDay(this.#withWorkingDays(first, last));
    return end.plus({ days: 1 }).toMillis();
  }

  /** The next working day (3(4)). */
  #onWorkingDay(day: DateTime): DateTime {
    let end = day;
    while (this.#isRestDay(end)) end = end.plus({ days: 1 });
    return end;
  }

  /** So late that two working days are in it (3(5)). */
  #withWorkingDays(first: DateTime, last: DateTime): DateTime {
    let working = 0;
    let day = first;
    while (working < leastWorkingDays && day < last) {
      day = day.plus({ days: 1 });
      if (!this.#isRestDay(day)) working++;
    }
    if (last.diff(first, 'days').days < leastWorkingDays) return last;
    let end = last;
    while (working < leastWorkingDays) {
      end = end.plus({ days: 1 });
      if (!this.#isRestDay(end)) working++;
    }
    return end;
  }

  #isRestDay(day: DateTime): boolean {
    return this.#weekdays.has(day.weekday) || this.#holidays.has(day.toISODate() ?? '');
  }
}

function invalid(why: string): PrivacyError {
  return new PrivacyError('DEADLINE_CALENDAR_INVALID', `The calendar of deadlines cannot be used: ${why}.`);
}
