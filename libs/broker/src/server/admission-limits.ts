import type { BrokerConfig } from '../config/broker-config.js';
import { connectionsAllowed } from '../config/connection-limits.js';
import type { AdmissionLimits } from './admission.js';

/** What the settings in force allow; the windows and the backlog are those of the start. */
export function admissionLimits(config: BrokerConfig): AdmissionLimits {
  const rate = 'max.connection.creation.rate';
  return {
    maxConnections: () => config.number('max.connections'),
    maxOfListener: () => config.listenerNumber('max.connections'),
    maxOfAddress: (address) => connectionsAllowed(config, address),
    maxPerSecond: () => Math.min(config.number(rate), config.listenerNumber(rate)),
    windows: {
      windowMs: config.number('quota.window.size.seconds') * 1000,
      samples: config.number('quota.window.num'),
    },
    backlog: config.number('socket.listen.backlog.size'),
  };
}
