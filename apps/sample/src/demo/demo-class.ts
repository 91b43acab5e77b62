import { en, Faker } from '@faker-js/faker';
import { Inject, Injectable } from '@nestjs/common';
import { OUBLIETTE_ENGINE, randomEventId, type OublietteEngine } from '@oubliette/nest';
import { Database } from '@oubliette/persistence';
import { LessonsService } from '../lessons/lessons.service.js';
import { StudentsService } from '../students/students.service.js';
import type { StudentProfile } from '../students/student.js';

const size = 8;
const courses = ['EVENTS-101', 'PRIVACY-201'];
const viewsEach = 12;

/** A small class, so that a newcomer sees something at once. */
@Injectable()
export class DemoClass {
  constructor(
    private readonly database: Database,
    private readonly students: StudentsService,
    private readonly lessons: LessonsService,
    @Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine,
  ) {}

  /** Registers made-up students with views when nobody ever registered; gives how many. */
  async makeWhereEmpty(): Promise<number> {
    const { rows } = await this.database.execute('SELECT 1 AS found FROM oubliette_events LIMIT 1');
    if (rows.length > 0) return 0;
    const faker = new Faker({ locale: [en], seed: 101 });
    const { entropy, keyring } = this.engine;
    const students = Array.from({ length: size }, () => ({
      id: randomEventId(entropy),
      profile: profile(faker),
    }));
    await this.students.registerAll(students);
    await this.lessons.publish(
      students.flatMap(({ id }) =>
        Array.from({ length: viewsEach }, (_, day) => ({
          userId: id,
          userRef: keyring.userRef(id),
          eventId: randomEventId(entropy),
          view: {
            course: faker.helpers.arrayElement(courses),
            site: faker.helpers.slugify(faker.company.buzzNoun()),
            day,
            clicks: faker.number.int({ min: 1, max: 9 }),
          },
        })),
      ),
    );
    return size;
  }
}

function profile(faker: Faker): StudentProfile {
  const firstName = faker.person.firstName();
  const lastName = faker.person.lastName();
  return {
    name: `${firstName} ${lastName}`,
    email: faker.internet.email({ firstName, lastName, provider: 'example.org' }).toLowerCase(),
    gender: faker.helpers.arrayElement(['F', 'M']),
    region: faker.location.state(),
    imdBand: faker.helpers.arrayElement(['0-10%', '40-50%', '90-100%']),
    ageBand: faker.helpers.arrayElement(['0-35', '35-55', '55<=']),
    disability: faker.helpers.arrayElement(['N', 'N', 'N', 'Y']),
  };
}
