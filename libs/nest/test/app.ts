import { afterEach } from 'node:test';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { EncryptedEvent, OublietteModule, Personal, UserId, connectOubliette } from '../src/index.js';
import type { OublietteFeatureOptions, OublietteRootOptions } from '../src/index.js';
import { openTestEngine } from '../src/testing/index.js';
import type { TestEngine } from '../src/testing/index.js';

const open = new Set<INestApplication>();

// A test that fails half-way leaves nothing open, so that the run ends.
afterEach(async () => {
  for (const app of open) {
    open.delete(app);
    await app.close();
  }
});

export const TOKEN = 'a-token-of-the-tests-only';

@EncryptedEvent({ stream: 'school.views', type: 'LessonViewed' })
export class LessonViewed {
  @UserId() studentId!: string;
  @Personal() site?: string;
  course!: string;
  clicks!: number;

  constructor(fields: Partial<LessonViewed> = {}) {
    Object.assign(this, fields);
  }
}

@EncryptedEvent({ stream: 'school.students', topic: 'school.views', type: 'StudentMoved' })
export class StudentMoved {
  @UserId() studentId!: string;
  @Personal('city') address!: { city: string; country: string };

  constructor(fields: Partial<StudentMoved> = {}) {
    Object.assign(this, fields);
  }
}

export interface TestApp {
  readonly app: INestApplication;
  readonly engine: TestEngine;
}

/** An application on the test engine, consuming. Close `app` in the end. */
export async function startApp(
  controllers: readonly Type[],
  extra: {
    feature?: OublietteFeatureOptions;
    options?: Partial<OublietteRootOptions>;
    prepare?: (engine: TestEngine) => void;
    engine?: TestEngine;
  } = {},
): Promise<TestApp> {
  const engine = extra.engine ?? (await openTestEngine());
  extra.prepare?.(engine);
  const app = await buildApp(engine, controllers, extra.options, extra.feature);
  await connectOubliette(app);
  return { app, engine };
}

export async function buildApp(
  engine: TestEngine,
  controllers: readonly Type[],
  options: Partial<OublietteRootOptions> = {},
  feature?: OublietteFeatureOptions,
): Promise<INestApplication> {
  const imports: DynamicModule[] = [
    OublietteModule.forRoot({
      engine: () => Promise.resolve(engine),
      groupId: 'school',
      access: { token: TOKEN },
      ...options,
    }),
  ];
  if (feature !== undefined) imports.push(OublietteModule.forFeature(feature));
  @Module({ imports, controllers: [...controllers] })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = testing.createNestApplication({ logger: false });
  open.add(app);
  return app;
}
