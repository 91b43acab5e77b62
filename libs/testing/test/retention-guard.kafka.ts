import { RestartableEngine, startKafka } from '@oubliette/testing';
import { retentionGuardOn } from './retention-guard.js';

retentionGuardOn(new RestartableEngine('Apache Kafka', startKafka), { aheadMs: 3_600_000 });
