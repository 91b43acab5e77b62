import { EncryptedEvent, Personal, UserId } from '@oubliette/nest';
import type { Erasable } from '@oubliette/serde';

/** Somebody subscribed to a newsletter. Id and address travel encrypted under the user's own key; the list does not. */
@EncryptedEvent({ stream: 'example.subscriptions' })
export class Subscribed {
  @UserId() readonly userId!: Erasable<string>;
  @Personal() readonly email!: Erasable<string>;
  readonly list!: string;

  static of(userId: string, email: string, list: string): Subscribed {
    return Object.assign(new Subscribed(), { userId, email, list });
  }
}
