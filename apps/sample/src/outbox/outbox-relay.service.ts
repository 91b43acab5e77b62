import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { OutboxRelay, OutboxSignal } from '@oubliette/event-sourcing';
import { OUBLIETTE_ENGINE, type OublietteEngine } from '@oubliette/nest';
import { TypeOrmOutbox } from '@oubliette/persistence';

/** Sends what the event store put into the outbox to the topics, as it stands there: encrypted. */
@Injectable()
export class OutboxRelayService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger(OutboxRelayService.name);
  readonly #relay: OutboxRelay;

  constructor(
    @Inject(OUBLIETTE_ENGINE) { producer, clock }: OublietteEngine,
    store: TypeOrmOutbox,
    signal: OutboxSignal,
  ) {
    this.#relay = new OutboxRelay({
      store,
      clock,
      signal,
      send: (records) => producer.send(records),
      onError: (error) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
        this.#logger.warn(`The outbox could not be sent (${code}); it is tried again.`);
      },
    });
  }

  onApplicationBootstrap(): void {
    this.#relay.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.#relay.close();
  }
}
