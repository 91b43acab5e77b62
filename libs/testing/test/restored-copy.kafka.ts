import { startKafka } from '@oubliette/testing';
import { restoredCopyOn } from './restored-copy.js';

restoredCopyOn('Apache Kafka', startKafka);
