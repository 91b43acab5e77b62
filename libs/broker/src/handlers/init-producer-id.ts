import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';
import { answerError } from './answer-error.js';

/*
 * InitProducerId, versions 0 to 5, for idempotent producers: a fresh id with epoch 0. A transactional id is refused with
 * INVALID_REQUEST, which clients take as final: this broker serves no transactions, and says so in its log.
 */
export const initProducerId = defineHandler(
  apis.initProducerId,
  { versions: [0, 5] },
  async (request, { broker, client }) => {
    if (request.transactionalId !== null) {
      broker.transactionRefusals.tell(client.clientId);
      return { throttleTimeMs: 0, errorCode: ErrorCode.INVALID_REQUEST, producerId: -1n, producerEpoch: -1 };
    }
    try {
      const producerId = await broker.registry.nextProducerId();
      return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 };
    } catch (error) {
      const { errorCode } = answerError(error, broker.logger);
      return { throttleTimeMs: 0, errorCode, producerId: -1n, producerEpoch: -1 };
    }
  },
);
