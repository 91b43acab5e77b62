import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planPartitions, PrivacyError } from '../../src/index.js';

test('100 MB/s, 3 producers and 5 consumers at 10 MB/s each: 4', () => {
  const plan = planPartitions({
    throughput: 100,
    producers: 3,
    perProducer: 10,
    consumers: 5,
    perConsumer: 10,
  });
  assert.equal(plan.partitions, 4);
  assert.equal(plan.limitedBy, 'producers');
  assert.equal(plan.forConsumers, 2);
  assert.equal(plan.forOneGroup, 10);
  assert.match(plan.notes.join('\n'), /a single group needs 10 partitions/);
});

test('250 MB/s, 10 producers and 12 consumers at 1 MB/s each: 25', () => {
  const plan = planPartitions({
    throughput: 250,
    producers: 10,
    perProducer: 1,
    consumers: 12,
    perConsumer: 1,
  });
  assert.equal(plan.partitions, 25);
});

test('a quotient that is whole on paper is not rounded up because of binary fractions', () => {
  const demand = { producers: 1, consumers: 1, perConsumer: 1000 };
  assert.equal(planPartitions({ ...demand, throughput: 0.3, perProducer: 0.1 }).partitions, 3);
  assert.equal(planPartitions({ ...demand, throughput: 2.1, perProducer: 0.3 }).partitions, 7);
  assert.equal(
    planPartitions({ ...demand, throughput: 36.3, producers: 33, perProducer: 0.1 }).partitions,
    11,
  );
});

const demands = fc.record({
  throughput: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
  producers: fc.integer({ min: 1, max: 1000 }),
  perProducer: fc.double({ min: 0.001, max: 1e4, noNaN: true }),
  consumers: fc.integer({ min: 1, max: 1000 }),
  perConsumer: fc.double({ min: 0.001, max: 1e4, noNaN: true }),
});

test('the plan carries the throughput on both sides, and one partition fewer does not', () => {
  fc.assert(
    fc.property(demands, (demand) => {
      const { partitions } = planPartitions(demand);
      const carried = (count: number): number =>
        count * Math.min(demand.producers * demand.perProducer, demand.consumers * demand.perConsumer);
      assert.ok(carried(partitions) >= demand.throughput * (1 - 1e-9));
      assert.ok(partitions === 1 || carried(partitions - 1) < demand.throughput);
    }),
  );
});

test('more throughput never needs fewer partitions; more clients never more', () => {
  fc.assert(
    fc.property(demands, fc.integer({ min: 1, max: 100 }), (demand, more) => {
      const { partitions } = planPartitions(demand);
      assert.ok(planPartitions({ ...demand, throughput: demand.throughput + more }).partitions >= partitions);
      assert.ok(planPartitions({ ...demand, producers: demand.producers + more }).partitions <= partitions);
      assert.ok(planPartitions({ ...demand, consumers: demand.consumers + more }).partitions <= partitions);
    }),
  );
});

test('bad input is refused by name', () => {
  const good = { throughput: 100, producers: 3, perProducer: 10, consumers: 5, perConsumer: 10 };
  const bad: Partial<typeof good>[] = [
    { throughput: 0 },
    { throughput: Number.NaN },
    { producers: 0 },
    { producers: 1.5 },
    { perProducer: -1 },
    { consumers: Number.POSITIVE_INFINITY },
    { perConsumer: Number.NaN },
  ];
  for (const change of bad) {
    const name = Object.keys(change)[0] ?? '';
    assert.throws(
      () => planPartitions({ ...good, ...change }),
      (error) =>
        error instanceof PrivacyError &&
        error.code === 'PLAN_INPUT_INVALID' &&
        error.message.startsWith(name),
    );
  }
});
