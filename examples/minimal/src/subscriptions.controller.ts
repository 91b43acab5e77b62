import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { EncryptedTopic, OublietteContext } from '@oubliette/nest';
import { isErased } from '@oubliette/serde';
import { Subscribed } from './subscribed.js';

/** What the handler was given, for the story that `main.ts` tells. */
export interface Seen {
  readonly offset: bigint;
  readonly text: string;
}

@Controller()
export class SubscriptionsController {
  readonly seen: Seen[] = [];

  /** Personal fields arrive decrypted, or as `Erased` once their user is forgotten. */
  @EncryptedTopic('example.subscriptions', { groupId: `example-${process.pid}` })
  onSubscribed(@Payload() event: Subscribed, @Ctx() context: OublietteContext): void {
    const who = isErased(event.email) ? 'somebody forgotten' : event.email;
    this.seen.push({ offset: context.offset, text: `${who} reads ${event.list}` });
  }
}
