import { BrokerError } from '../errors.js';

/** A host and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const listener = /^(?:([A-Za-z0-9_-]+):\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([^:/[\]]*)):(\d{1,5})$/;

/** `host:port`, `[::1]:port`, or Kafka's `PLAINTEXT://host:port`. Throws CONFIG_INVALID. */
export function parseListener(text: string): Address {
  const match = listener.exec(text.trim());
  const [, protocol = 'PLAINTEXT', ipv6, name, digits] = match ?? [];
  const port = Number(digits);
  if (match === null || port > 65_535) {
    throw new BrokerError(
      'CONFIG_INVALID',
      `'${text}' is no listener: write HOST:PORT or PLAINTEXT://HOST:PORT`,
    );
  }
  if (protocol.toUpperCase() !== 'PLAINTEXT') {
    throw new BrokerError(
      'CONFIG_INVALID',
      `Listener protocol ${protocol} is not served: this broker speaks PLAINTEXT`,
    );
  }
  return { host: ipv6 ?? (name === '' || name === undefined ? '0.0.0.0' : name), port };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
