import { InvalidArgumentError } from 'commander';
import { DurationError, parseDuration } from '@oubliette/runtime';

/** A duration like 500ms, 30s, 5m, 12h, 7d in ms. */
export function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DurationError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** A whole number from 1 on. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 on.');
  return Number(text);
}

/** Collects a repeated option. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** Collects `name=value`; a setting that ends in .ms takes a duration too. */
export function setting(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const split = text.indexOf('=');
  const name = text.slice(0, split).trim();
  const value = text.slice(split + 1).trim();
  if (split < 1 || value === '') throw new InvalidArgumentError('Write name=value.');
  const isDuration = name.endsWith('.ms') && /^\d+(ms|s|m|h|d)$/.test(value);
  return { ...previous, [name]: isDuration ? String(duration(value)) : value };
}
