import { CreateEventSchemas1763800200000 } from './create-event-schemas.js';
import { CreateSampleReadModels1763800100000 } from './create-read-models.js';
import { CreateWaitingStudents1764000100000 } from './create-waiting-students.js';

/** The sample's own tables, in the order of their making. */
export const sampleMigrations = [
  CreateSampleReadModels1763800100000,
  CreateEventSchemas1763800200000,
  CreateWaitingStudents1764000100000,
];
