import { test } from 'node:test';

/** What a test gets of its own, and how to end it. */
export interface UnderTest {
  readonly close?: () => Promise<void>;
}

/** Defines tests that each get a thing of their own, which is closed after them. */
export function checksOnEach<T extends UnderTest>(
  factory: () => Promise<T>,
): (title: string, body: (given: T) => Promise<void>) => void {
  return (title, body) => {
    test(title, async () => {
      const given = await factory();
      try {
        await body(given);
      } finally {
        await given.close?.();
      }
    });
  };
}
