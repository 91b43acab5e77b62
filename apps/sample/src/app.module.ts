import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { OutboxSignal } from '@oubliette/event-sourcing';
import { LookupsModule, OublietteModule, ProblemFilter, type OublietteEngine } from '@oubliette/nest';
import {
  Database,
  tableSource,
  TypeOrmEventStore,
  TypeOrmLookupStore,
  TypeOrmOutbox,
  TypeOrmProjectionStore,
} from '@oubliette/persistence';
import { CourseOpened, ENROLMENTS_TOPIC, StudentEnrolled } from './enrolments/enrolment.js';
import { DemoClass } from './demo/demo-class.js';
import { EnrolmentsService } from './enrolments/enrolments.service.js';
import { ImportController } from './import/import.controller.js';
import { ImportService } from './import/import.service.js';
import { CoursesController } from './lessons/courses.controller.js';
import { LESSON_VIEWS_TOPIC, LessonViewed } from './lessons/lesson-viewed.js';
import { LessonsService } from './lessons/lessons.service.js';
import { OutboxRelayService } from './outbox/outbox-relay.service.js';
import { Page } from './page/page.js';
import { PageController } from './page/page.controller.js';
import { EnrolmentProjection } from './read-models/enrolment-projection.js';
import { LessonViewProjection } from './read-models/lesson-view-projection.js';
import { LessonViewRows } from './read-models/lesson-view-rows.js';
import { StudentLookups, studentIndexes } from './read-models/student-lookups.js';
import { StudentProjection } from './read-models/student-projection.js';
import { StudentRows } from './read-models/student-rows.js';
import { WaitingStudents } from './read-models/waiting-students.js';
import { StudentRegistered, STUDENTS_TOPIC } from './students/student.js';
import { StudentsController } from './students/students.controller.js';
import { StudentsService } from './students/students.service.js';

export interface AppOptions {
  readonly engine: OublietteEngine;
  readonly database: Database;
  readonly adminToken: string;
  readonly page: Page;
  /** Everything that the sample writes: broker, database, state. */
  readonly dataDir: string;
}

const partitions = 4;
// Events are kept for ever: what forgets them is their user's key.
const configs = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };

/** The learning platform. Engine and database are opened before, and closed after it. */
@Module({})
export class AppModule {
  static for({ engine, database, adminToken, page, dataDir }: AppOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        OublietteModule.forRoot({
          engine: () => Promise.resolve(engine),
          groupId: 'com.udacity.learning',
          access: { token: adminToken },
          audit: { sources: [tableSource({ name: 'tables', database })], directories: [dataDir] },
        }),
        OublietteModule.forFeature({
          events: [StudentRegistered, CourseOpened, StudentEnrolled, LessonViewed],
          topics: [STUDENTS_TOPIC, ENROLMENTS_TOPIC, LESSON_VIEWS_TOPIC].map((name) => ({
            name,
            partitions,
            configs,
          })),
        }),
        LookupsModule.forRoot({ store: new TypeOrmLookupStore(database), indexes: studentIndexes }),
      ],
      controllers: [
        PageController,
        StudentsController,
        CoursesController,
        ImportController,
        StudentProjection,
        EnrolmentProjection,
        LessonViewProjection,
      ],
      providers: [
        { provide: Database, useValue: database },
        { provide: Page, useValue: page },
        { provide: OutboxSignal, useValue: new OutboxSignal() },
        {
          provide: TypeOrmEventStore,
          inject: [OutboxSignal],
          useFactory: (signal: OutboxSignal) => new TypeOrmEventStore(database, engine.clock, signal),
        },
        { provide: TypeOrmOutbox, useValue: new TypeOrmOutbox(database) },
        { provide: TypeOrmProjectionStore, useValue: new TypeOrmProjectionStore(database) },
        { provide: APP_FILTER, useExisting: ProblemFilter },
        OutboxRelayService,
        StudentRows,
        StudentLookups,
        WaitingStudents,
        LessonViewRows,
        StudentsService,
        EnrolmentsService,
        LessonsService,
        ImportService,
        DemoClass,
      ],
    };
  }
}
