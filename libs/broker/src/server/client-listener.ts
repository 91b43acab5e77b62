import type { BrokerConfig } from '../config/broker-config.js';
import { listEntries } from '../config/definition.js';
import { clientListeners } from '../config/listener-entry.js';
import { BrokerError } from '../errors.js';
import { parseListener, type Address } from './listener-address.js';

/**
 * The listener that clients use, of `listeners` or `advertised.listeners`: the only one left without the controllers', which nobody
 * speaks to here (controller.listener.names). Its name may be any that listener.security.protocol.map gives PLAINTEXT. Undefined when
 * the setting names none. Throws CONFIG_INVALID.
 */
export function clientListener(
  config: BrokerConfig,
  setting: 'listeners' | 'advertised.listeners',
): Address | undefined {
  const [listener, ...others] = clientListeners(config, setting);
  if (others.length > 0) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `${setting} must name one listener besides those of controller.listener.names, such as PLAINTEXT://127.0.0.1:9092`,
    );
  }
  if (listener === undefined) return undefined;
  const { name, address } = listener;
  return parseListener(name === '' ? address : `${protocolOf(name, config)}://${address}`);
}

/** A name that the map does not have is that of a protocol. */
function protocolOf(name: string, config: BrokerConfig): string {
  const entries = listEntries(config.value('listener.security.protocol.map') ?? '').map((entry) =>
    entry.split(':'),
  );
  return entries.find(([known]) => known?.trim() === name)?.[1]?.trim() ?? name;
}
