import { Controller, Get, Header, UseFilters, UseGuards } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { AccessGuard } from './access.guard.js';
import { ProblemFilter } from './problem.filter.js';

/** `GET /metrics` in Prometheus's text format 0.0.4, for whoever asks. */
@Controller('metrics')
@UseFilters(ProblemFilter)
export class OpenMetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

/** The same behind the configured guard. */
@Controller('metrics')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class GuardedMetricsController extends OpenMetricsController {}
