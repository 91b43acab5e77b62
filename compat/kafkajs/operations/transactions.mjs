import assert from 'node:assert/strict';

async function transactional(bench) {
  return bench.producer({
    transactionalId: bench.name('transaction'),
    idempotent: true,
    maxInFlightRequests: 1,
  });
}

/** Atomic writes. */
export const transactionOperations = {
  async 'transactions: commit'(bench) {
    const topic = await bench.topic();
    const producer = await transactional(bench);
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'kept' }] });
    await transaction.commit();
    const read = await bench.read(topic, 1, { readUncommitted: false });
    assert.deepEqual(
      read.map(({ value }) => String(value)),
      ['kept'],
    );
  },

  async 'transactions: abort'(bench) {
    const topic = await bench.topic();
    const producer = await transactional(bench);
    const aborted = await producer.transaction();
    await aborted.send({ topic, messages: [{ value: 'dropped', partition: 0 }] });
    await aborted.abort();
    const kept = await producer.transaction();
    await kept.send({ topic, messages: [{ value: 'kept', partition: 0 }] });
    await kept.commit();
    const read = await bench.read(topic, 1, { readUncommitted: false });
    assert.deepEqual(
      read.map(({ value }) => String(value)),
      ['kept'],
    );
  },

  async 'transactions: offsets within'(bench) {
    const topic = await bench.topic();
    const consumerGroupId = bench.name('group');
    const producer = await transactional(bench);
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'x' }] });
    const topics = [{ topic, partitions: [{ partition: 0, offset: '7' }] }];
    await transaction.sendOffsets({ consumerGroupId, topics });
    await transaction.commit();
    // The markers follow the answer; kafkajs does not ask for stable offsets.
    const committed = async () => {
      const [{ partitions }] = await bench.admin.fetchOffsets({ groupId: consumerGroupId, topics: [topic] });
      return partitions[0].offset;
    };
    await bench.until(async () => (await committed()) === '7', 'the committed offset');
  },
};
