export type KafkaClientErrorCode =
  | 'KAFKA_UNAVAILABLE'
  | 'KAFKA_REFUSED'
  | 'TOPIC_MISSING'
  | 'PRODUCER_QUEUE_FULL'
  | 'PRODUCER_CLOSED'
  | 'CONSUMER_CLOSED'
  | 'CONSUMER_STARTED'
  | 'KEY_TOPIC_UNSAFE'
  | 'KEY_TOPIC_MISSING'
  | 'KEY_TOPIC_UNAVAILABLE'
  | 'KEY_TOPIC_BEHIND'
  | 'KEY_TOPIC_CLOSED';

/**
 * What the client side of Kafka failed at. `retriable`: the same call may succeed later, unchanged.
 * Messages name topics, groups and settings, never a key, a value or a header.
 */
export class KafkaClientError extends Error {
  readonly code: KafkaClientErrorCode;
  readonly retriable: boolean;

  constructor(
    code: KafkaClientErrorCode,
    message: string,
    options: { readonly retriable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KafkaClientError';
    this.code = code;
    this.retriable = options.retriable ?? false;
  }
}

/** Kafka's name of a protocol error somewhere in the chain of causes (`TOPIC_ALREADY_EXISTS`), or null. */
export function protocolErrorType(error: unknown): string | null {
  for (const link of causes(error)) {
    // kafkajs calls it `type`, our own client `codeName`.
    const type: unknown = Reflect.get(link, 'type') ?? Reflect.get(link, 'codeName');
    if (typeof type === 'string') return type;
  }
  return null;
}

/** Turns what a client threw into `KAFKA_UNAVAILABLE` (retriable) or `KAFKA_REFUSED`; `what` says what was tried. */
export function translateError(error: unknown, what: string): KafkaClientError {
  if (error instanceof KafkaClientError) return error;
  const type = protocolErrorType(error);
  const chain = causes(error);
  // Retries that ran out wrap the last reason, which says itself whether another try makes sense.
  const reason = chain.findLast((link) => Reflect.get(link, 'retriable') !== undefined);
  const retriable = reason !== undefined && Reflect.get(reason, 'retriable') === true;
  if (retriable)
    return new KafkaClientError(
      'KAFKA_UNAVAILABLE',
      `${what} failed: the cluster did not answer as it should (${type ?? nameOf(error)}). Check that the brokers are up and reachable, then try again.`,
      { retriable: true, cause: error },
    );
  return new KafkaClientError('KAFKA_REFUSED', `${what} was refused: ${type ?? nameOf(error)}.`, {
    cause: error,
  });
}

/** The class and, where there is one, the stable code of an error: safe to log where its message may hold a value. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}

/** The stable code of an error, else its class. */
export function codeOrName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' || typeof code === 'number' ? `${code}` : error.name;
}

const maxCauses = 8;

function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  let link = error;
  while (link instanceof Error && chain.length < maxCauses) {
    chain.push(link);
    link = link.cause;
  }
  return chain;
}
