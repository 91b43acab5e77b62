import { Controller, Inject, Module } from '@nestjs/common';
import type { DynamicModule, OnApplicationShutdown, Provider, Type } from '@nestjs/common';
import { DiscoveryModule, ModuleRef } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { LeakAuditService } from '../audit/leak-audit.service.js';
import { ErasedTopics } from '../boot/erased-topics.js';
import { FeatureRegistry } from '../boot/feature-registry.js';
import { TopicBoot } from '../boot/topic-boot.js';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { openKafkaEngine } from '../engine/kafka-engine.js';
import { CertificateService } from '../forgetting/certificate.service.js';
import { ForgetUserService } from '../forgetting/forget-user.service.js';
import { PrivacyService } from '../forgetting/privacy.service.js';
import { VerificationService } from '../forgetting/verification.service.js';
import { AccessGuard, configuredGuard } from '../http/access.guard.js';
import { ErasuresController } from '../http/erasures.controller.js';
import { HealthController } from '../http/health.controller.js';
import { AuditController } from '../http/audit.controller.js';
import { GuardedMetricsController, OpenMetricsController } from '../http/metrics.controller.js';
import { PrivacyController } from '../http/privacy.controller.js';
import { RestrictionController } from '../http/restriction.controller.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { VerificationController } from '../http/verification.controller.js';
import { Metrics } from '../metrics/metrics.js';
import { EventPublisher } from '../publishing/event-publisher.js';
import { RetentionService } from '../retention/retention.service.js';
import { ErasureProcessors } from '../processors/erasure-processors.js';
import { OublietteTransport } from '../transport/oubliette-transport.js';
import { OUBLIETTE_GUARD, OUBLIETTE_OPTIONS } from './options.js';
import type {
  HttpOptions,
  OublietteFeatureOptions,
  OublietteOptions,
  OublietteRootAsyncOptions,
  OublietteRootOptions,
} from './options.js';

/** Encrypted events for a Nest application. `forRoot` once, `forFeature` where topics and events are declared. */
@Module({})
export class OublietteModule implements OnApplicationShutdown {
  constructor(
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
    private readonly publisher: EventPublisher,
    private readonly retention: RetentionService,
  ) {}

  static forRoot(options: OublietteRootOptions): DynamicModule {
    const { http, ...rest } = options;
    return rootModule(http ?? {}, { provide: OUBLIETTE_OPTIONS, useValue: rest }, []);
  }

  static forRootAsync(options: OublietteRootAsyncOptions): DynamicModule {
    const { http, imports, inject, useFactory } = options;
    const provider: Provider = {
      provide: OUBLIETTE_OPTIONS,
      // Injected by position, as the caller's `inject` says.
      useFactory: useFactory as (...args: unknown[]) => OublietteOptions | Promise<OublietteOptions>,
      inject: inject ?? [],
    };
    return rootModule(http ?? {}, provider, imports ?? []);
  }

  static forFeature(options: OublietteFeatureOptions): DynamicModule {
    const token = Symbol('OUBLIETTE_FEATURE');
    return {
      module: OublietteFeatureModule,
      providers: [
        {
          provide: token,
          inject: [FeatureRegistry],
          useFactory: (registry: FeatureRegistry) => registry.add(options),
        },
      ],
    };
  }

  /** Runs after HTTP and the consumers have stopped: what was enqueued still goes out, then everything below closes. */
  async onApplicationShutdown(): Promise<void> {
    // A look of the guard that is under way ends with the engine.
    const guardEnded = this.retention.close();
    try {
      await this.publisher.flush();
    } finally {
      await this.engine.close();
      await guardEnded;
    }
  }
}

@Module({})
class OublietteFeatureModule {}

function rootModule(
  http: HttpOptions,
  options: Provider,
  imports: NonNullable<DynamicModule['imports']>,
): DynamicModule {
  return {
    module: OublietteModule,
    global: true,
    imports: [...imports, DiscoveryModule, TerminusModule.forRoot({ logger: false })],
    controllers: controllersOf(http),
    providers: [
      options,
      {
        provide: OUBLIETTE_GUARD,
        inject: [OUBLIETTE_OPTIONS, ModuleRef],
        useFactory: (resolved: OublietteOptions, moduleRef: ModuleRef) =>
          configuredGuard(resolved.access, moduleRef),
      },
      {
        provide: OUBLIETTE_ENGINE,
        // The guard first: without one nothing is opened.
        inject: [OUBLIETTE_OPTIONS, OUBLIETTE_GUARD],
        useFactory: (resolved: OublietteOptions) =>
          'engine' in resolved ? resolved.engine() : openKafkaEngine(resolved),
      },
      FeatureRegistry,
      ErasedTopics,
      Metrics,
      EventPublisher,
      CertificateService,
      ForgetUserService,
      PrivacyService,
      VerificationService,
      LeakAuditService,
      ErasureProcessors,
      OublietteTransport,
      RetentionService,
      TopicBoot,
      AccessGuard,
      ProblemFilter,
    ],
    exports: [
      OUBLIETTE_ENGINE,
      OUBLIETTE_GUARD,
      FeatureRegistry,
      ErasedTopics,
      Metrics,
      EventPublisher,
      CertificateService,
      ForgetUserService,
      PrivacyService,
      VerificationService,
      LeakAuditService,
      OublietteTransport,
      RetentionService,
      AccessGuard,
      ProblemFilter,
    ],
  };
}

function controllersOf(http: HttpOptions): Type[] {
  const controllers: Type[] = [];
  const prefix = http.privacyPrefix ?? 'privacy';
  if (prefix !== false) controllers.push(...privacyControllersAt(prefix));
  if (http.health ?? true) controllers.push(HealthController);
  if (http.metrics === 'open') controllers.push(OpenMetricsController);
  else if (http.metrics !== false) controllers.push(GuardedMetricsController);
  return controllers;
}

/** The privacy routes, and what each of their controllers is made with. */
const privacyControllers: readonly (readonly [controller: Type, needs: readonly Type[]])[] = [
  [PrivacyController, [ForgetUserService]],
  [ErasuresController, [ForgetUserService, CertificateService]],
  [RestrictionController, [PrivacyService]],
  [VerificationController, [VerificationService]],
  [AuditController, [LeakAuditService]],
];

/** Nest reads a controller's prefix from its class: another prefix is another class. */
function privacyControllersAt(prefix: string): Type[] {
  return privacyControllers.map(([controller, needs]) => {
    const mounted = class extends controller {};
    Reflect.defineMetadata('design:paramtypes', needs, mounted);
    Controller(prefix)(mounted);
    return mounted;
  });
}
