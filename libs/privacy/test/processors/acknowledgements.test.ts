import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRecord } from '@oubliette/kafka';
import { openTestKeyring } from '@oubliette/keyring/testing';
import { CertificateRegister } from '../../src/certificate/certificate-register.js';
import { readStatement } from '../../src/certificate/erasure-statement.js';
import { certificatePage } from '../../src/certificate/certificate-page.js';
import { readCertificate } from '../../src/certificate/signed-certificate.js';
import type { Logger } from '../../src/logger.js';
import type { Erasure } from '../../src/ports.js';
import type { ProcessorAnswer } from '../../src/processors/acknowledgement.js';
import { Acknowledgements } from '../../src/processors/acknowledgements.js';
import { ErasureMessages } from '../../src/processors/erasure-messages.js';
import { ManualClock } from '@oubliette/runtime/testing';
import { InMemoryStores, requestedErasure, testSigner } from '../../src/testing/index.js';

const minute = 60_000;
const hour = 60 * minute;
const userRef = 'ab'.repeat(16) as Erasure['userRef'];
const erased: ProcessorAnswer = { outcome: 'erased', proof: 'ticket 12' };
const refused: ProcessorAnswer = { outcome: 'refused', reason: 'legal-obligation', note: 'tax 10 years' };

async function stage(processors = ['crm', 'mailing']) {
  const clock = new ManualClock();
  const stores = new InMemoryStores();
  const sent: OutgoingRecord[] = [];
  const logged: string[] = [];
  const brokers = { outage: null as Error | null };
  const log = (message: string, fields?: object) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { info: log, warn: log, error: log };
  const send = (records: readonly OutgoingRecord[]) => {
    if (brokers.outage !== null) return Promise.reject(brokers.outage);
    sent.push(...records);
    return Promise.resolve();
  };
  const keyring = await openTestKeyring({ clock });
  const certificates = new CertificateRegister({
    ...stores,
    store: stores.certificates,
    signer: testSigner(),
    clock,
  });
  const open = (names = processors) =>
    new Acknowledgements({
      processors: names,
      store: stores.acknowledgements,
      erasures: stores.erasures,
      messages: new ErasureMessages({ topic: 'keys.erasures', keyring, logger }),
      producer: { send },
      certificates,
      clock,
      logger,
    });
  const now = clock.now();
  const requested = await stores.erasures.open(
    requestedErasure({ erasureId: 'e-1', userRef, requestedAt: now, deadline: now + 30 * 24 * hour }),
  );
  const erasure: Erasure = { ...requested, revision: 1, state: 'forgotten', forgottenAt: now };
  await stores.erasures.advance(erasure);
  const finish = () =>
    stores.erasures.advance({ ...erasure, revision: 2, state: 'erased', erasedAt: clock.now() });
  /** What went out since the last time: whom each question was for, or which key was taken out. */
  const said = () =>
    sent.splice(0).map(({ key, value }) => {
      if (value === null) return `- ${Buffer.from(key ?? []).toString()}`;
      const { processors: asked } = JSON.parse(Buffer.from(value).subarray(16).toString()) as {
        processors: string[];
      };
      return asked.join();
    });
  const statement = async () => {
    const { file } = await certificates.certificateOf('e-1');
    return readStatement(readCertificate(Buffer.from(file)).body);
  };
  return { clock, stores, sent, logged, brokers, open, erasure, finish, said, statement, certificates };
}

/** The look at its end sees what became due, whatever lay between. */
async function jump(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await clock.advanceAsync(0);
}

const answer = (service: Acknowledgements, processor: string, given: ProcessorAnswer, at = 7_000) =>
  service.receive({ erasureId: 'e-1', processor, answer: given }, at);

test('processors are asked once, reminded until they answer, and never again then', async () => {
  const { clock, open, erasure, said, sent } = await stage();
  const service = open();
  await service.start();
  await service.about([erasure]);
  await service.about([erasure]);
  await clock.advanceAsync(0);
  const { erasureId, lifecycle, requestedAt, deadline } = erasure;
  assert.deepEqual(
    sent.map(({ topic, key, value }) => [
      topic,
      String(key),
      JSON.parse(String(value?.subarray(16))) as unknown,
    ]),
    [
      [
        'keys.erasures',
        'e-1',
        { erasureId, userRef, lifecycle, requestedAt, deadline, processors: ['crm', 'mailing'] },
      ],
    ],
  );
  assert.deepEqual(said(), ['crm,mailing']);
  await clock.advanceAsync(58 * minute);
  assert.deepEqual(said(), []);
  await clock.advanceAsync(3 * minute);
  assert.deepEqual(said(), ['crm,mailing']);
  assert.equal(await answer(service, 'crm', erased), 'taken');
  for (let hours = 0; hours < 48; hours++) await jump(clock, hour);
  assert.deepEqual(said(), ['mailing', 'mailing']);
  assert.equal(await answer(service, 'mailing', refused), 'taken');
  assert.deepEqual(said(), ['- e-1', '- e-1/crm', '- e-1/mailing']);
  for (let hours = 0; hours < 100; hours++) await jump(clock, hour);
  assert.deepEqual(said(), []);
  await service.close();
});

test('the certificate is partial until the last has answered, and a new one is issued then, by itself', async () => {
  const { stores, open, erasure, finish, statement } = await stage();
  const service = open();
  await service.about([erasure]);
  await finish();
  const before = await statement();
  assert.deepEqual(before.outstanding, ['acknowledgements']);
  const open_ = { outcome: 'outstanding', at: null, reason: null, text: null } as const;
  assert.deepEqual(before.acknowledgements, [
    { processor: 'crm', ...open_ },
    { processor: 'mailing', ...open_ },
  ]);
  await answer(service, 'mailing', refused, 8_000.7);
  assert.deepEqual((await stores.certificates.list(1, 10)).length, 0, 'one is missing yet');
  await answer(service, 'crm', erased);
  const last = (await stores.certificates.last())!;
  assert.equal(last.number, 2);
  const whole = readStatement(readCertificate(Buffer.from(last.file)).body);
  assert.deepEqual(whole.outstanding, []);
  assert.deepEqual(whole.acknowledgements, [
    { processor: 'crm', outcome: 'erased', at: '1970-01-01T00:00:07.000Z', reason: null, text: 'ticket 12' },
    {
      processor: 'mailing',
      outcome: 'refused',
      at: '1970-01-01T00:00:08.000Z',
      reason: 'legal-obligation',
      text: 'tax 10 years',
    },
  ]);
  assert.ok(!last.file.includes(userRef));
  assert.match(
    certificatePage(last.file),
    /Processor mailing<\/th><td>refused 1970-.*: legal-obligation, tax 10 years</,
  );
  await service.close();
});

test('an answer before the bytes are gone leaves the certificate to the erasure', async () => {
  const { stores, open, erasure, finish, statement } = await stage(['crm']);
  const service = open();
  await service.about([erasure]);
  await answer(service, 'crm', erased);
  assert.equal(await stores.certificates.last(), null);
  assert.deepEqual((await statement()).outstanding, ['erasure']);
  await finish();
  assert.deepEqual((await statement()).outstanding, []);
  await service.close();
});

test('a repeated answer changes nothing, a different one is logged and the first stands, one of nobody asked is logged', async () => {
  const { stores, open, erasure, logged } = await stage();
  const service = open();
  await service.about([erasure]);
  await service.start();
  assert.equal(await answer(service, 'crm', erased, 5_000), 'taken');
  const rows = await stores.acknowledgements.of(['e-1']);
  assert.equal(await answer(service, 'crm', erased, 6_000), 'repeated');
  assert.deepEqual(logged, []);
  assert.equal(await answer(service, 'crm', refused, 6_000), 'different');
  assert.equal(await answer(service, 'billing', erased), 'unexpected');
  assert.equal(
    await service.receive({ erasureId: 'e-9', processor: 'crm', answer: erased }, 1),
    'unexpected',
  );
  assert.equal(logged.length, 3);
  assert.match(logged[0]!, /otherwise than before.*"processor":"crm"/);
  assert.match(logged[1]!, /not asked.*"processor":"billing"/);
  assert.deepEqual(await stores.acknowledgements.of(['e-1']), rows);
  await service.close();
});

test('crash after it was kept that a processor is to be asked: the next start asks', async () => {
  const { clock, brokers, open, erasure, said, logged } = await stage();
  const first = open();
  brokers.outage = new Error('no broker');
  await first.about([erasure]);
  await first.close();
  assert.match(logged[0]!, /could not be asked/);
  brokers.outage = null;
  const second = open();
  await second.start();
  assert.deepEqual(said(), ['crm,mailing']);
  await clock.advanceAsync(2 * minute);
  assert.deepEqual(said(), []);
  await second.close();
});

test('crash after the question was sent and before that was noted: it is asked once more', async () => {
  const { clock, stores, open, erasure, said } = await stage();
  const first = open();
  const asked = stores.acknowledgements.asked.bind(stores.acknowledgements);
  stores.acknowledgements.asked = () => Promise.reject(new Error('killed'));
  await first.about([erasure]);
  await first.close();
  stores.acknowledgements.asked = asked;
  const second = open();
  await second.start();
  assert.deepEqual(said(), ['crm,mailing', 'crm,mailing']);
  await clock.advanceAsync(2 * minute);
  assert.deepEqual(said(), []);
  await second.close();
});

test('crash after the last answer was kept and before the certificate: the answer comes again and makes it', async () => {
  const { stores, open, erasure, finish, said } = await stage(['crm']);
  const first = open();
  await first.about([erasure]);
  await finish();
  await first.close();
  await stores.acknowledgements.answer({
    erasureId: 'e-1',
    processor: 'crm',
    outcome: 'erased',
    answeredAt: 7_000,
    reason: null,
    text: 'ticket 12',
  });
  const second = open();
  await second.start();
  said();
  assert.equal(await answer(second, 'crm', erased), 'repeated');
  assert.equal((await stores.certificates.last())?.number, 1);
  assert.deepEqual(said(), ['- e-1', '- e-1/crm']);
  await second.close();
});

test('an outage of the database loses no answer: it is rejected, and taken when it comes again', async () => {
  const { stores, open, erasure } = await stage(['crm']);
  const service = open();
  await service.about([erasure]);
  const outage = new Error('down');
  stores.acknowledgements.fail(outage);
  await assert.rejects(answer(service, 'crm', erased), outage);
  stores.acknowledgements.fail(null);
  assert.equal(await answer(service, 'crm', erased), 'taken');
  await service.close();
});

test('a processor that was named later is asked about what is not erased; one that is named no more still owes its answer', async () => {
  const { clock, open, erasure, said, statement } = await stage(['crm']);
  const first = open();
  await first.about([erasure]);
  await first.close();
  said();
  const second = open(['mailing']);
  await second.about([erasure]);
  await clock.advanceAsync(0);
  assert.deepEqual(said(), ['crm,mailing']);
  assert.equal(await answer(second, 'mailing', erased), 'taken');
  assert.deepEqual((await statement()).outstanding, ['erasure', 'acknowledgements']);
  await second.close();
});

test('who never answers is asked 400 times at most; an overdue one is warned of, the last an error', async () => {
  const { clock, open, erasure, said, logged } = await stage(['crm']);
  const service = open();
  await service.about([erasure]);
  await service.start();
  for (let days = 0; days < 450; days++) await jump(clock, 24 * hour);
  assert.equal(said().length, 400);
  await service.close();
  assert.match(logged[0]!, /overdue/);
  assert.match(logged.at(-1)!, /not asked again/);
});
