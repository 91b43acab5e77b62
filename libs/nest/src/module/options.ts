import type {
  CanActivate,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Type,
} from '@nestjs/common';
import type { TopicSpec } from '@oubliette/kafka';
import type { AuditSource, ErasureWay } from '@oubliette/privacy';
import type { EventClass } from '../decorators/encrypted-event.js';
import type { EngineFactory } from '../engine/engine.js';
import type { KafkaEngineOptions } from '../engine/kafka-engine-options.js';

/** Who may call the guarded routes: a bearer token, or a guard of the application. */
export type AccessOptions = { readonly token: string } | { readonly guard: Type<CanActivate> | CanActivate };

/** Where the application keeps data beside the topics: what the leak audit reads. */
export interface AuditOptions {
  /** Files, and directories with everything below them: logs, exports, snapshots, data directories. */
  readonly directories?: readonly string[];
  /** Tables (`tableSource` and `databaseFileSource` of @oubliette/persistence), caches and whatever else (`valueSource`). */
  readonly sources?: readonly AuditSource[];
}

interface CommonOptions {
  /** Consumer group of handlers that name none. */
  readonly groupId: string;
  readonly access: AccessOptions;
  /** How often a record is given to a failing handler before it goes to the dead-letter topic; default 10. */
  readonly handlerAttempts?: number;
  /** How often, in ms, topics with an `erasureDeadline` and the key topic are judged again; default 5 minutes. */
  readonly retentionGuardEveryMs?: number;
  readonly audit?: AuditOptions;
}

/** Brokers, keys and ledger; or `engine`, a factory of its own, for tests. */
export type OublietteOptions = CommonOptions & (KafkaEngineOptions | { readonly engine: EngineFactory });

/** What must be known before options are resolved: it shapes the routes. */
export interface HttpOptions {
  /** Prefix of the privacy routes; default `privacy`. false: not mounted. */
  readonly privacyPrefix?: string | false;
  /** Serve GET /health; default true. */
  readonly health?: boolean;
  /** Serve GET /metrics behind the guard, openly, or not at all; default guarded. */
  readonly metrics?: 'guarded' | 'open' | false;
}

export type OublietteRootOptions = OublietteOptions & { readonly http?: HttpOptions };

export interface OublietteRootAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly http?: HttpOptions;
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // Nest injects by position: the factory's own parameters say what they are.
  readonly useFactory: (...args: never[]) => OublietteOptions | Promise<OublietteOptions>;
}

/** A topic of the application's, as it is made where it is missing. */
export interface FeatureTopic extends TopicSpec {
  /** As of `@EncryptedTopic`, for a topic that this application publishes to. */
  readonly erasure?: ErasureWay;
}

export interface OublietteFeatureOptions {
  /** Topics made at start where they are missing, before any handler runs. */
  readonly topics?: readonly FeatureTopic[];
  /** Event classes, checked at start rather than at their first use. */
  readonly events?: readonly EventClass[];
}

export const OUBLIETTE_OPTIONS = Symbol('OUBLIETTE_OPTIONS');
export const OUBLIETTE_GUARD = Symbol('OUBLIETTE_GUARD');
export const OUBLIETTE_FEATURE = Symbol('OUBLIETTE_FEATURE');
