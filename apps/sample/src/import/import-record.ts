import { FieldError, lessonViewOf, objectOf, profileOf, studentIdOf } from '../http/body-fields.js';
import type { LessonView } from '../lessons/lesson-viewed.js';
import type { StudentProfile } from '../students/student.js';
import { LineError, type NdjsonLine } from './ndjson.js';

interface RecordBase {
  /** Number of the line in the request, for messages. */
  readonly number: number;
  /** Identity of the line where it came from: sent again, it counts once. */
  readonly line: string;
  readonly id: string;
}

export type ImportRecord =
  | (RecordBase & { readonly type: 'student'; readonly profile: StudentProfile })
  | (RecordBase & { readonly type: 'lesson-view'; readonly view: LessonView });

/** Throws LineError with the field's name, never with its value. */
export function importRecordOf({ number, text }: NdjsonLine): ImportRecord {
  try {
    const body = objectOf(parse(text));
    const line = lineOf(body['line']);
    const id = studentIdOf(body);
    if (id === null) throw new FieldError('id', 'is missing');
    switch (body['type']) {
      case 'student':
        return { number, type: 'student', line, id, profile: profileOf(body) };
      case 'lesson-view':
        return { number, type: 'lesson-view', line, id, view: lessonViewOf(body) };
      default:
        throw new FieldError('type', 'must be student or lesson-view');
    }
  } catch (error) {
    if (error instanceof FieldError) throw new LineError(number, error.field, error.problem);
    throw error;
  }
}

/** JSON.parse quotes its input in its message: that may be personal, so the message goes no further. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FieldError('line', 'is not JSON');
  }
}

function lineOf(line: unknown): string {
  if (typeof line === 'number' && Number.isSafeInteger(line)) return String(line);
  if (typeof line === 'string' && line !== '' && line.length <= 500) return line;
  throw new FieldError('line', 'must be a number or a text of 1 to 500 characters');
}
