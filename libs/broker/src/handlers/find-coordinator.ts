import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/*
 * FindCoordinator, versions 0 to 6 (several keys from 4 on). This broker coordinates every group; where their topic was
 * deleted it is made again, once somebody looks for a coordinator. Transactions (key type 1) and share
 * groups (2) have no coordinator here: INVALID_REQUEST, which no client retries; the log says it of transactions.
 */

const groupType = 0;
const transactionType = 1;

export const findCoordinator = defineHandler(
  apis.findCoordinator,
  { versions: [0, 6] },
  async (request, context) => {
    const { groups, advertised, transactionRefusals } = context.broker;
    if (request.keyType === groupType) await groups.start();
    if (request.keyType === transactionType) transactionRefusals.tell(context.client.clientId);
    const { nodeId, host, port } = advertised;
    const answer =
      request.keyType === groupType
        ? {
            errorCode: ErrorCode.NONE,
            // Kafka's answer to one key carries the name of no error, that to several keys no text.
            errorMessage: context.version < 4 ? 'NONE' : '',
            nodeId,
            host,
            port,
          }
        : {
            errorCode: ErrorCode.INVALID_REQUEST,
            errorMessage:
              'This broker coordinates consumer groups only: it serves no transactions and no share groups.',
            nodeId: -1,
            host: '',
            port: -1,
          };
    if (context.version < 4) return { throttleTimeMs: 0, ...answer };
    const coordinators = request.coordinatorKeys.map((key) => ({ key, ...answer }));
    return { throttleTimeMs: 0, coordinators };
  },
);
