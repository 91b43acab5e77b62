import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * FindCoordinator, versions 0 to 6 (several keys from 4 on). This broker coordinates every group, but for those whose partition a
 * __consumer_offsets made by hand does not have: COORDINATOR_NOT_AVAILABLE. Where there is no topic for their offsets, who looks for a coordinator has it made, is told COORDINATOR_NOT_AVAILABLE at once and asks again (KafkaApis.getCoordinator).
 * Transactions (key type 1) and share groups (2) have no coordinator here: INVALID_REQUEST, which no client retries; the log says it
 * of transactions.
 */

const groupType = 0;
const transactionType = 1;
const nowhere = { nodeId: -1, host: '', port: -1 };
const noCoordinator = {
  ...nowhere,
  errorCode: ErrorCode.INVALID_REQUEST,
  errorMessage:
    'This broker coordinates consumer groups only: it serves no transactions and no share groups.',
};

export const findCoordinator = defineHandler(
  apis.findCoordinator,
  { versions: [0, 6] },
  async (request, context) => {
    if (request.keyType === transactionType) {
      context.broker.transactionRefusals.tell(context.client.clientId);
    }
    const answer = (key: string) =>
      request.keyType === groupType ? groupCoordinator(key, context) : noCoordinator;
    if (context.version < 4) return { throttleTimeMs: 0, ...answer(request.key) };
    const slice = new TimeSlice(context.broker.clock);
    const coordinators = await slice.map(request.coordinatorKeys, (key) => ({ key, ...answer(key) }));
    return { throttleTimeMs: 0, coordinators };
  },
);

/** To one key Kafka answers with a text, also that of no error; to several keys with none. */
function groupCoordinator(groupId: string, { broker, version }: Pick<RequestContext, 'broker' | 'version'>) {
  const text = (message: string): string => (version < 4 ? message : '');
  if (broker.groups.of(groupId) !== null) {
    const { nodeId, host, port } = broker.advertised;
    return { errorCode: ErrorCode.NONE, errorMessage: text('NONE'), nodeId, host, port };
  }
  broker.groups.begin();
  return {
    ...nowhere,
    errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    errorMessage: text('The coordinator is not available.'),
  };
}
