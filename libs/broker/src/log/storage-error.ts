import { KafkaError } from '@oubliette/protocol';
import { DiskError } from '@oubliette/runtime';

/** What a producer hears when the disk fails: KAFKA_STORAGE_ERROR, retriable; a KafkaError stays what it is. */
export function storageError(cause: Error): KafkaError {
  return cause instanceof KafkaError
    ? cause
    : new KafkaError('KAFKA_STORAGE_ERROR', cause.message, { cause });
}

export function asStorageError(work: Promise<void>): Promise<void> {
  const translated = work.catch((error: unknown) => {
    throw storageError(asError(error));
  });
  translated.catch(() => undefined); // its owner awaits it; see Deferred
  return translated;
}

/** Runs disk work, its failure translated. */
export function onStorage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(asError(error));
  }
}

/** Whether there was no room for it: what can be made again is left out then, and a start goes on. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof DiskError && error.code === 'ENOSPC';
}

/** Whether the process had no file descriptor for it (EMFILE, ENFILE): the work was not even begun. */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof DiskError && (error.code === 'EMFILE' || error.code === 'ENFILE');
}

export function messageOf(error: unknown): string {
  return asError(error).message;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
