import { checkedUserId, ProblemError } from '@oubliette/nest';
import type { LessonView } from '../lessons/lesson-viewed.js';
import type { StudentProfile } from '../students/student.js';

/** A field that is not as it should be. `problem` never repeats its value. */
export class FieldError extends Error {
  constructor(
    readonly field: string,
    readonly problem: string,
  ) {
    super(`${field} ${problem}`);
  }
}

type Body = Readonly<Record<string, unknown>>;

const loneSurrogate = /\p{Surrogate}/u;

/** Throws FieldError. */
export function objectOf(body: unknown): Body {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body;
  throw new FieldError('body', 'must be a JSON object');
}

/** The id given, or null where there is none. */
export function studentIdOf(body: Body): string | null {
  const { id } = body;
  if (id === undefined || id === null) return null;
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id;
  if (typeof text !== 'string') throw new FieldError('id', 'must be a string');
  try {
    return checkedUserId(text);
  } catch (error) {
    throw new FieldError('id', error instanceof ProblemError ? 'must have 1 to 512 bytes' : 'is not valid');
  }
}

export function profileOf(body: Body): StudentProfile {
  return {
    name: required(body, 'name', 200),
    email: emailOf(body),
    gender: optional(body, 'gender'),
    region: optional(body, 'region'),
    imdBand: optional(body, 'imdBand'),
    ageBand: optional(body, 'ageBand'),
    disability: optional(body, 'disability'),
  };
}

export function courseOf(body: Body): string {
  const course = required(body, 'course', 64);
  if (/^[A-Za-z0-9._:-]+$/.test(course)) return course;
  throw new FieldError('course', "must consist of letters, digits, '.', '_', ':' and '-'");
}

export function lessonViewOf(body: Body): LessonView {
  const course = courseOf(body);
  const { site } = body;
  const numbered = typeof site === 'number' && Number.isSafeInteger(site);
  return {
    course,
    site: numbered ? site : required(body, 'site', 200),
    day: whole(body, 'day', -36_500, 36_500),
    clicks: whole(body, 'clicks', 0, 1_000_000_000),
  };
}

function required(body: Body, field: string, most: number): string {
  const value = body[field];
  if (typeof value !== 'string') throw new FieldError(field, 'must be a string');
  if (value.trim() === '') throw new FieldError(field, 'must not be empty');
  if (value.length > most) throw new FieldError(field, `must have at most ${most} characters`);
  // UTF-8 has no form for it: it would come back as another text.
  if (loneSurrogate.test(value)) throw new FieldError(field, 'must be well-formed Unicode');
  return value;
}

function optional(body: Body, field: string): string | null {
  const value = body[field];
  if (value === undefined || value === null || value === '') return null;
  return required(body, field, 200);
}

export function emailOf(body: Body): string {
  const email = required(body, 'email', 320);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new FieldError('email', 'must be an e-mail address');
  return email;
}

function whole(body: Body, field: string, least: number, most: number): number {
  const value = body[field];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new FieldError(field, `must be a whole number from ${least} to ${most}`);
}
