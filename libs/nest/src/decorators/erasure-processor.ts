import 'reflect-metadata';
import type { ErasureQuestion, ProcessorAnswer } from '@oubliette/privacy';

export interface ErasureProcessorOptions {
  /** Consumer group; default: the module's, with `.processor.` and the name behind it. */
  readonly groupId?: string;
}

/**
 * Erases what was taken elsewhere, and says how: `proof`, `note`: 1 to 200 characters that name nobody (`checkReason`), such as a ticket's
 * number. It may be called again for the same erasure, and must say the same again.
 */
export type ErasureProcessorMethod = (erasure: ErasureQuestion) => Promise<ProcessorAnswer> | ProcessorAnswer;

/** What the decorator leaves on a method. */
export interface ErasureProcessorInfo {
  readonly name: string;
  readonly options: ErasureProcessorOptions;
}

const INFO = Symbol('oubliette:erasure-processor');

/**
 * Hears of every user that was forgotten where an application names this processor (`processors` of OublietteModule), on a controller or
 * provider of any application with the same key topic. Throwing means "not yet": it is called again with growing pauses.
 */
export function ErasureProcessor(name: string, options: ErasureProcessorOptions = {}) {
  return <T extends ErasureProcessorMethod>(
    _target: object,
    _method: string | symbol,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => {
    const info: ErasureProcessorInfo = { name, options };
    if (descriptor.value !== undefined) Reflect.defineMetadata(INFO, info, descriptor.value);
  };
}

/** null: it is no such method. */
export function processorInfoOf(prototype: object, method: string): ErasureProcessorInfo | null {
  const handler: unknown = Reflect.get(prototype, method);
  if (typeof handler !== 'function') return null;
  return (Reflect.getMetadata(INFO, handler) as ErasureProcessorInfo | undefined) ?? null;
}
