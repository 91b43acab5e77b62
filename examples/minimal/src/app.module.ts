import { Module, type DynamicModule } from '@nestjs/common';
import { OublietteModule, openKafkaEngine } from '@oubliette/nest';
import { privacyStores, type Database } from '@oubliette/persistence';
import { Subscribed } from './subscribed.js';
import { SubscriptionsController } from './subscriptions.controller.js';

export interface ExampleSettings {
  readonly brokers: readonly string[];
  readonly masterKeysFile: string;
  readonly database: Database;
  readonly token: string;
}

@Module({})
export class AppModule {
  static for({ brokers, masterKeysFile, database, token }: ExampleSettings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        OublietteModule.forRoot({
          engine: () =>
            openKafkaEngine({
              brokers,
              clientId: 'example',
              masterKeys: { file: masterKeysFile },
              stores: privacyStores(database),
              keyTopic: {
                topic: 'example.keys',
                partitions: 1,
                segmentMs: 1_000,
                maxCompactionLagMs: 1_000,
                fileDeleteDelayMs: 500,
              },
            }),
          groupId: 'example',
          access: { token },
        }),
        OublietteModule.forFeature({
          events: [Subscribed],
          topics: [{ name: 'example.subscriptions', partitions: 1, configs: { 'retention.ms': '-1' } }],
        }),
      ],
      controllers: [SubscriptionsController],
    };
  }
}
