import { it } from 'node:test';
import { given } from '@oubliette/event-sourcing/testing';
import { register, registration, studentAggregate } from '../../src/students/student.js';

const profile = {
  name: 'N',
  email: 'n@example.org',
  gender: null,
  region: null,
  imdBand: null,
  ageBand: null,
  disability: null,
};

it('a student registers once', () => {
  const again = (state: Parameters<typeof register>[0]) => register(state, 'id', profile);
  given(studentAggregate).when(again).then(registration('id', profile));
  given(studentAggregate, registration('id', profile)).when(again).thenThrows('STUDENT_EXISTS');
});
