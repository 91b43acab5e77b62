import { RestartableEngine, startKafka } from '@oubliette/testing';
import { logWindowsOn } from './log-windows.js';
import { quickConfig } from './quick-config.js';

logWindowsOn(new RestartableEngine('Apache Kafka', startKafka, quickConfig));
