import type { TopicVerdict } from '@oubliette/privacy';
import { spell } from './stays-for.js';

/** A topic's verdict with its worst case, and under it what is behind it. */
export function verdictLines({ topic, role, ...result }: TopicVerdict): string[] {
  return [
    `${result.verdict.padEnd(6)}  ${topic} (${role}): ${spell(result.worstCaseMs)}`,
    ...[...result.reasons, ...result.notes].map((text) => `        ${text}`),
  ];
}
