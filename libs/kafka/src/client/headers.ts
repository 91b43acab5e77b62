import type { IHeaders } from 'kafkajs';

/** Headers as strings. Of a header that stands several times the last counts, as Kafka's `lastHeader` has it. */
export function headersFrom(headers: IHeaders | undefined): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last === undefined || last === null) continue;
    result[name] = typeof last === 'string' ? last : last.toString('utf8');
  }
  return result;
}
