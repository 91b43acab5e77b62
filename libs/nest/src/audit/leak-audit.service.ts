import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { auditLeaks, fileSource } from '@oubliette/privacy';
import type { AuditSource, LeakAuditOptions, LeakQuestion, LeakReport } from '@oubliette/privacy';
import { SystemDisk } from '@oubliette/runtime';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { OublietteError } from '../errors.js';
import { OUBLIETTE_OPTIONS } from '../module/options.js';
import type { OublietteOptions } from '../module/options.js';

export interface LeakAuditRequest extends LeakQuestion, Omit<LeakAuditOptions, 'clock'> {
  /** Read the topics of the cluster too; default true. */
  readonly topics?: boolean;
}

/** Reads everything that the application declares (`audit` in the module's options), and all topics, for personal data in clear. */
@Injectable()
export class LeakAuditService implements BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  #underWay: Promise<LeakReport> | null = null;

  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    @Inject(OUBLIETTE_OPTIONS) private readonly options: OublietteOptions,
  ) {}

  /**
   * One at a time. Rejects with `AUDIT_QUESTION_INVALID`, `AUDIT_UNDER_WAY`, or the signal's reason; a source that fails is named in the
   * report, which is not complete then.
   */
  async audit(request: LeakAuditRequest): Promise<LeakReport> {
    if (this.#underWay !== null)
      throw new OublietteError('AUDIT_UNDER_WAY', 'Another audit is under way: wait until it has ended.');
    const { signal = this.#stopping.signal, topics = true, ...question } = request;
    this.#underWay = auditLeaks(this.#sources(topics), question, {
      ...question,
      clock: this.engine.clock,
      signal: AbortSignal.any([this.#stopping.signal, signal]),
    });
    try {
      return await this.#underWay;
    } finally {
      this.#underWay = null;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping.abort(new OublietteError('AUDIT_STOPPED', 'The application is shutting down.'));
    // Who asked for it has its error.
    await this.#underWay?.catch(() => undefined);
  }

  #sources(topics: boolean): AuditSource[] {
    const { directories = [], sources = [] } = this.options.audit ?? {};
    return [
      ...(topics ? [this.engine.topics] : []),
      ...sources,
      ...(directories.length === 0
        ? []
        : [fileSource({ name: 'directories', disk: new SystemDisk(), paths: directories })]),
    ];
  }
}
