import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Controller, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { testMasterKeys } from '@oubliette/keyring/testing';
import {
  CertificateService,
  EncryptedEvent,
  EncryptedTopic,
  ErasureProcessor,
  EventPublisher,
  ForgetUserService,
  OublietteContext,
  OublietteModule,
  Personal,
  UserId,
  connectOubliette,
} from '@oubliette/nest';
import {
  publicKeyPem,
  readStatement,
  readTrustedKeys,
  verifyCertificate,
  verifyChain,
  type ErasureQuestion,
  type ErasureStatement,
  type ProcessorAnswer,
} from '@oubliette/privacy';
import { InMemoryStores, testSigner } from '@oubliette/privacy/testing';
import { sleep, SystemClock } from '@oubliette/runtime';
import type { RestartableEngine } from '@oubliette/testing';

@EncryptedEvent({ stream: 'school.views' })
class LessonViewed {
  @UserId() studentId!: string;
  @Personal() site!: string;

  constructor(fields: Partial<LessonViewed> = {}) {
    Object.assign(this, fields);
  }
}

/** What an application took elsewhere, decrypted, by the pseudonym. */
const crm = { taken: new Map<string, string>(), isReady: false, calls: [] as string[] };

@Controller()
class Crm {
  @EncryptedTopic('school.views')
  view(@Payload() event: LessonViewed, @Ctx() { userRef }: OublietteContext): void {
    if (userRef !== null) crm.taken.set(userRef, event.site);
  }

  @ErasureProcessor('crm')
  erase({ erasureId, userRef }: ErasureQuestion): ProcessorAnswer {
    crm.calls.push(erasureId);
    if (!crm.isReady) throw new Error('not yet');
    return { outcome: 'erased', proof: `rows ${crm.taken.delete(userRef) ? 1 : 0}` };
  }
}

const clock = new SystemClock();
const patienceMs = 90_000;

async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const end = clock.monotonic() + patienceMs;
  while (!(await done())) {
    assert.ok(clock.monotonic() < end, `waited in vain for: ${what}`);
    await sleep(clock, 50);
  }
}

/** Two applications on one cluster: one forgets users, the other has taken their data elsewhere. */
export function processorsOn(engine: RestartableEngine): void {
  before(() => engine.start());
  after(() => engine.dispose());

  const start = async (name: string, stores: InMemoryStores, asker: boolean): Promise<INestApplication> => {
    @Module({
      imports: [
        OublietteModule.forRoot({
          brokers: [engine.bootstrap()],
          clientId: name,
          groupId: name,
          masterKeys: await testMasterKeys(),
          stores,
          access: { token: 'a-token-of-this-test-only' },
          ...(asker ? { processors: ['crm'], certificateKey: testSigner() } : {}),
          keyTopic: { partitions: 2, segmentMs: 2_000, maxCompactionLagMs: 2_000, fileDeleteDelayMs: 1_000 },
        }),
        OublietteModule.forFeature({ topics: [{ name: 'school.views', partitions: 2 }] }),
      ],
      controllers: asker ? [] : [Crm],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await connectOubliette(app);
    return app;
  };

  test(`two applications on ${engine.name}: one forgets, the other says so too, and the certificate is whole only then`, async () => {
    const [schoolStores, crmStores] = [new InMemoryStores(), new InMemoryStores()];
    let school = await start('school', schoolStores, true);
    let other = await start('crm', crmStores, false);
    const statement = async (erasureId: string): Promise<ErasureStatement> => {
      await school.get(CertificateService).certificateOf(erasureId);
      const chain = await school.get(CertificateService).chain(0, 100);
      const files = chain.map(({ file }) => Buffer.from(file));
      const trusted = readTrustedKeys(publicKeyPem(testSigner().publicKey));
      verifyChain(files, trusted);
      const read = files.map((file) => readStatement(verifyCertificate(file, trusted).body));
      return read.findLast(({ erasure }) => erasure.id === erasureId)!;
    };
    const isErased = async (erasureId: string): Promise<boolean> =>
      (await school.get(ForgetUserService).findErasure(erasureId))?.state === 'erased';
    try {
      await school
        .get(EventPublisher)
        .publish([
          new LessonViewed({ studentId: 'ann', site: 'page 1' }),
          new LessonViewed({ studentId: 'bob', site: 'page 2' }),
        ]);
      await until('the data to be taken elsewhere', () => crm.taken.size === 2);

      const ann = await school.get(ForgetUserService).forgetUser('ann');
      await until('the processor to be asked', () => crm.calls.length > 0);
      await until('the bytes to be gone', () => isErased(ann.erasureId));
      assert.deepEqual((await statement(ann.erasureId)).outstanding, ['acknowledgements']);
      assert.equal(crm.taken.size, 2);

      // Both start again; the question waits in the topic.
      await school.close();
      school = await start('school', schoolStores, true);
      await other.close();
      crm.isReady = true;
      other = await start('crm', crmStores, false);
      await until(
        'the certificate to be whole',
        async () => (await statement(ann.erasureId)).outstanding.length === 0,
      );
      const [said] = (await statement(ann.erasureId)).acknowledgements;
      assert.deepEqual(said, {
        processor: 'crm',
        outcome: 'erased',
        at: said?.at,
        reason: null,
        text: 'rows 1',
      });
      assert.deepEqual([...crm.taken.values()], ['page 2']);

      // Who has answered is not asked again, also not by a question that came before.
      const asked = crm.calls.length;
      await other.close();
      other = await start('crm', crmStores, false);
      const bob = await school.get(ForgetUserService).forgetUser('bob');
      await until('the second certificate to be whole', async () => {
        return (await isErased(bob.erasureId)) && (await statement(bob.erasureId)).outstanding.length === 0;
      });
      assert.deepEqual(crm.calls.slice(asked), [bob.erasureId]);
      assert.equal(crm.taken.size, 0);
    } finally {
      await other.close();
      await school.close();
    }
  });
}
