import { Controller, Get, Param } from '@nestjs/common';
import { ProblemError } from '@oubliette/nest';
import { LessonViewRows, type Engagement } from '../read-models/lesson-view-rows.js';

/** Sums per course: open to all, for they tell nothing of anybody. */
@Controller('courses')
export class CoursesController {
  constructor(private readonly rows: LessonViewRows) {}

  @Get()
  list(): Promise<Engagement[]> {
    return this.rows.engagements();
  }

  @Get(':code/engagement')
  async engagement(@Param('code') code: string): Promise<Engagement> {
    const engagement = await this.rows.engagement(code);
    if (engagement === null)
      throw new ProblemError(404, 'COURSE_UNKNOWN', 'Nobody has viewed a lesson of this course.', 'code');
    return engagement;
  }
}
