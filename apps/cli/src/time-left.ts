import { spellDuration } from '@oubliette/privacy';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** From now to a deadline, both ms since the Unix epoch, for people: `29 d left`, `5 h 10 min left`, `overdue by 3 d`. */
export function timeLeft(deadline: number, now: number): string {
  const apartMs = Math.abs(deadline - now);
  const unitMs = apartMs >= 2 * dayMs ? dayMs : minuteMs;
  const whole = Math.floor(apartMs / unitMs) * unitMs;
  const spelled = whole === 0 ? 'less than a minute' : spellDuration(whole);
  return now < deadline ? `${spelled} left` : `overdue by ${spelled}`;
}
