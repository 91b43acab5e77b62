import { RestartableEngine, startBundledBroker } from '@oubliette/testing';
import { leakAuditOn } from './leak-audit.js';
import { quickConfig } from './quick-config.js';

leakAuditOn(new RestartableEngine('the bundled broker', startBundledBroker, quickConfig), {
  transactions: false,
});
