import type { Logger } from '../logger.js';

/** So many clients are told apart; what comes after them is refused all the same. */
const maxClients = 1_000;
const maxShownLength = 100;

/**
 * Says once for each client id that it asked for a transaction: kafkajs drops the text of the answer, and other clients show its code
 * alone.
 */
export class TransactionRefusals {
  readonly #told = new Set<string>();

  constructor(private readonly logger: Logger) {}

  tell(clientId: string): void {
    const shown = clientId.slice(0, maxShownLength);
    if (this.#told.has(shown) || this.#told.size >= maxClients) return;
    this.#told.add(shown);
    this.logger.warn(
      'a client asked for a transaction and was refused with INVALID_REQUEST: this broker serves none. ' +
        'Take its transactional id away (idempotence works without one), or use Apache Kafka',
      { clientId: shown },
    );
  }
}
