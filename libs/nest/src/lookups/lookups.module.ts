import { Inject, Injectable, Module } from '@nestjs/common';
import type {
  BeforeApplicationShutdown,
  DynamicModule,
  InjectionToken,
  ModuleMetadata,
  OnApplicationBootstrap,
} from '@nestjs/common';
import { UserLookups, type LookupIndex, type LookupStore } from '@oubliette/privacy';
import { OUBLIETTE_ENGINE, type OublietteEngine } from '../engine/engine.js';
import { nestLogger } from '../engine/nest-logger.js';
import { Metrics } from '../metrics/metrics.js';

/** Injection token of the application's `UserLookups`. */
export const USER_LOOKUPS = Symbol('USER_LOOKUPS');

export interface LookupsOptions<Tx> {
  /** Where the rows are: `TypeOrmLookupStore` of @oubliette/persistence. */
  readonly store: LookupStore<Tx>;
  readonly indexes: readonly LookupIndex[];
}

export interface LookupsAsyncOptions<Tx> extends Pick<ModuleMetadata, 'imports'> {
  readonly inject?: InjectionToken[];
  // Nest injects by position: the factory's own parameters say what they are.
  readonly useFactory: (...args: never[]) => LookupsOptions<Tx> | Promise<LookupsOptions<Tx>>;
}

const LOOKUPS_OPTIONS = Symbol('LOOKUPS_OPTIONS');

/** Starts the look-ups with the application, and stops them before what they stand on. */
@Injectable()
class LookupsLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(USER_LOOKUPS) private readonly lookups: UserLookups<unknown>) {}

  onApplicationBootstrap(): Promise<void> {
    return this.lookups.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.lookups.close();
  }
}

/**
 * Finds users by the equality of a value, once an application, beside `OublietteModule.forRoot`. Inject the `UserLookups` by
 * `USER_LOOKUPS`; rows of the forgotten are deleted as soon as their fence is read.
 */
@Module({})
export class LookupsModule {
  static forRoot<Tx>(options: LookupsOptions<Tx>): DynamicModule {
    return LookupsModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync<Tx>({ imports, inject, useFactory }: LookupsAsyncOptions<Tx>): DynamicModule {
    return {
      module: LookupsModule,
      global: true,
      imports: imports ?? [],
      providers: [
        {
          provide: LOOKUPS_OPTIONS,
          // Injected by position, as the caller's `inject` says.
          useFactory: useFactory as (...args: unknown[]) => LookupsOptions<Tx> | Promise<LookupsOptions<Tx>>,
          inject: inject ?? [],
        },
        {
          provide: USER_LOOKUPS,
          inject: [LOOKUPS_OPTIONS, OUBLIETTE_ENGINE, Metrics],
          useFactory: lookupsOf,
        },
        LookupsLifecycle,
      ],
      exports: [USER_LOOKUPS],
    };
  }
}

function lookupsOf<Tx>(
  { store, indexes }: LookupsOptions<Tx>,
  { keyring, clock }: OublietteEngine,
  metrics: Metrics,
): UserLookups<Tx> {
  return new UserLookups({
    keyring,
    clock,
    store,
    indexes,
    logger: nestLogger(),
    onAlarm: (code) => metrics.alarms.inc({ code }),
  });
}
