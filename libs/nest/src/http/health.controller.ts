import { Controller, Get, Inject, UseFilters } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { HealthCheckResult, HealthIndicatorResult } from '@nestjs/terminus';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { RetentionService } from '../retention/retention.service.js';
import { OublietteTransport } from '../transport/oubliette-transport.js';
import { ProblemFilter } from './problem.filter.js';

/**
 * `GET /health`: terminus JSON, 503 while the key topic is not heard, user keys may not be used (the lease on the topic or on the master
 * key was lost), somebody came back with a restored key topic and is not forgotten again, an erasure is overdue, the retention guard refuses a topic,
 * or a consumer is down. `deadlines`
 * says `endangered` while it is up and an erasure will not be done in time. Open, so without figures.
 */
@Controller('health')
@UseFilters(ProblemFilter)
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly transport: OublietteTransport,
    private readonly retention: RetentionService,
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
  ) {}

  @Get()
  check(): Promise<HealthCheckResult> {
    return this.health.check([
      async () => this.#indicate('keyTopic', await this.engine.keysFresh()),
      () => this.#indicate('userKeys', this.engine.keyring.isFresh),
      () => this.#indicate('forgotten', this.#staysForgotten()),
      () => this.#deadlines(),
      () => this.#indicate('retention', this.retention.keepsDeadlines),
      () => this.#indicate('consumers', this.transport.healthy),
    ]);
  }

  #deadlines(): HealthIndicatorResult {
    const { endangered, overdue } = this.engine.forgetting.inDanger();
    const indicator = this.indicators.check('deadlines');
    if (overdue > 0) return indicator.down({ state: 'overdue' });
    return indicator.up({ state: endangered > 0 ? 'endangered' : 'in time' });
  }

  #staysForgotten(): boolean {
    const { returned, forgottenAgain } = this.engine.forgetting.lastCheck ?? {
      returned: 0,
      forgottenAgain: 0,
    };
    return returned === forgottenAgain;
  }

  #indicate(name: string, up: boolean): HealthIndicatorResult {
    const indicator = this.indicators.check(name);
    return up ? indicator.up() : indicator.down();
  }
}
