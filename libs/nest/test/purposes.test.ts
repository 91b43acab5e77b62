import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { isErased } from '@oubliette/serde';
import {
  EncryptedEvent,
  EncryptedTopic,
  EventPublisher,
  Personal,
  PrivacyService,
  UserId,
  eventInfoOf,
} from '../src/index.js';
import { startApp } from './app.js';

@EncryptedEvent({ stream: 'school.offers' })
class Offered {
  @UserId() studentId!: string;
  @Personal() name!: string;
  @Personal({ purpose: 'marketing' }) offer?: string;
  @Personal({ purpose: 'research', whenWithdrawn: 'omit', fields: ['age'] }) profile?: {
    age?: number;
    country: string;
  };

  constructor(fields: Partial<Offered> = {}) {
    Object.assign(this, fields);
  }
}

const offered = (): Offered =>
  new Offered({ studentId: 'ann', name: 'Ann', offer: 'half price', profile: { age: 30, country: 'FR' } });

describe('@Personal with a purpose', () => {
  it('says so in the declaration, beside what is kept for none', () => {
    assert.deepEqual(eventInfoOf(Offered).spec, {
      stream: 'school.offers',
      type: 'Offered',
      userIdPath: 'studentId',
      personalPaths: ['name', 'offer', 'profile.age'],
      purposes: {
        offer: { purpose: 'marketing' },
        'profile.age': { purpose: 'research', whenWithdrawn: 'omit' },
      },
    });
  });

  it('is handed on to a class that extends another, which stays as it was', () => {
    @EncryptedEvent({ stream: 'school.offers' })
    class More extends Offered {
      @Personal({ purpose: 'billing' }) iban?: string;
    }
    assert.deepEqual(Object.keys(eventInfoOf(More).spec.purposes ?? {}), ['offer', 'profile.age', 'iban']);
    assert.deepEqual(Object.keys(eventInfoOf(Offered).spec.purposes ?? {}), ['offer', 'profile.age']);
  });

  it('is refused at start without a proper name', () => {
    for (const options of [{ purpose: 'Not a name' }, { whenWithdrawn: 'omit' as const }]) {
      @EncryptedEvent({ stream: 's', type: 'Bad' })
      class Bad {
        @UserId() id!: string;
        @Personal(options) name!: string;
      }
      assert.throws(() => eventInfoOf(Bad), { code: 'EVENT_CLASS_INVALID' });
    }
  });

  it('ends for handlers when the purpose is withdrawn, and leaves the rest of the event', async () => {
    const seen: Offered[] = [];
    @Controller()
    class Offers {
      @EncryptedTopic('school.offers')
      on(@Payload() event: Offered): void {
        seen.push(event);
      }
    }
    const { app, engine } = await startApp([Offers]);
    const [publisher, privacy] = [app.get(EventPublisher), app.get(PrivacyService)];
    await publisher.publish(offered());
    const { withdrawnAt } = await privacy.withdraw('ann', 'marketing');
    assert.equal(withdrawnAt, engine.clock.now());
    await assert.rejects(publisher.publish(offered()), { code: 'PURPOSE_WITHDRAWN' });
    await privacy.grant('ann', 'marketing');
    await privacy.withdraw('ann', 'research');
    await publisher.publish(offered());
    assert.deepEqual(await engine.cluster.deliver(), []);
    const [first, second] = seen;
    assert.equal(first?.name, 'Ann');
    assert.ok(isErased(first.offer));
    assert.ok(isErased(first.profile?.age));
    assert.equal(second?.offer, 'half price');
    assert.deepEqual(second.profile, { country: 'FR' });
    await assert.rejects(privacy.withdraw('nobody', 'marketing'), { code: 'USER_UNKNOWN' });
  });
});
