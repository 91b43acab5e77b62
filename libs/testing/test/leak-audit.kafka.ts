import { RestartableEngine, startKafka } from '@oubliette/testing';
import { leakAuditOn } from './leak-audit.js';
import { quickConfig } from './quick-config.js';

leakAuditOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig), { transactions: true });
