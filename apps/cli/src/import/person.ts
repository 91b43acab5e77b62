import { Faker, en } from '@faker-js/faker';

export interface MadeUpPerson {
  readonly name: string;
  readonly email: string;
}

/** Names for anonymous students: the same student gets the same name and address on every machine. */
export class PersonMaker {
  readonly #faker = new Faker({ locale: [en] });

  /** `studentId` is a whole number, as OULAD's ids are. */
  make(studentId: string): MadeUpPerson {
    this.#faker.seed(Number(studentId));
    const firstName = this.#faker.person.firstName();
    const lastName = this.#faker.person.lastName();
    const email = this.#faker.internet.email({ firstName, lastName, provider: 'example.org' });
    return { name: `${firstName} ${lastName}`, email: email.toLowerCase() };
  }
}
