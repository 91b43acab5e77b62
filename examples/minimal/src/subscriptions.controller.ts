import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { EncryptedTopic, OublietteContext } from '@oubliette/nest';
import { isErased, isRestricted } from '@oubliette/serde';
import { Subscribed } from './subscribed.js';

/** What the handler was given, for the story that `main.ts` tells. */
export interface Seen {
  readonly offset: bigint;
  readonly text: string;
}

@Controller()
export class SubscriptionsController {
  readonly seen: Seen[] = [];

  /** Personal fields arrive decrypted, as `Erased` once their user is forgotten, or as `Restricted` while the user is. */
  @EncryptedTopic('example.subscriptions', { groupId: `example-${process.pid}` })
  onSubscribed(@Payload() event: Subscribed, @Ctx() context: OublietteContext): void {
    this.seen.push({ offset: context.offset, text: `${nameOf(event)} reads ${event.list}` });
  }
}

function nameOf({ email }: Subscribed): string {
  if (isErased(email)) return 'somebody forgotten';
  return isRestricted(email) ? 'somebody restricted' : email;
}
