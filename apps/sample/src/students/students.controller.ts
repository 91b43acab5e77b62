import { Body, Controller, Get, HttpCode, Param, Post, Res, UseGuards } from '@nestjs/common';
import { AccessGuard, checkedUserId } from '@oubliette/nest';
import { ServerResponse } from 'node:http';
import { once } from 'node:events';
import { badFieldAsProblem } from '../http/bad-field.js';
import { emailOf, lessonViewOf, objectOf, profileOf, studentIdOf } from '../http/body-fields.js';
import type { LessonView } from '../lessons/lesson-viewed.js';
import { LessonsService } from '../lessons/lessons.service.js';
import { LessonViewRows } from '../read-models/lesson-view-rows.js';
import { StudentLookups } from '../read-models/student-lookups.js';
import { StudentRows, type Student } from '../read-models/student-rows.js';
import { StudentsService } from './students.service.js';

@Controller('students')
@UseGuards(AccessGuard)
export class StudentsController {
  constructor(
    private readonly students: StudentsService,
    private readonly lessons: LessonsService,
    private readonly studentRows: StudentRows,
    private readonly viewRows: LessonViewRows,
    private readonly lookups: StudentLookups,
  ) {}

  @Post()
  async register(@Body() body: unknown): Promise<{ id: string }> {
    const { id, profile } = badFieldAsProblem(() => {
      const fields = objectOf(body);
      return { id: studentIdOf(fields), profile: profileOf(fields) };
    });
    return { id: await this.students.register(id, profile) };
  }

  /** Written page by page, as fast as it is read. */
  @Get()
  async list(@Res() response: ServerResponse): Promise<void> {
    const students = this.studentRows.all()[Symbol.asyncIterator]();
    // The first page is read before the answer begins, so that a failure still is one.
    let next = await students.next();
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.write('[');
    for (let separator = ''; next.done !== true; separator = ',') {
      const roomLeft = response.write(separator + JSON.stringify(next.value));
      if (!roomLeft && !response.destroyed)
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
      if (response.destroyed) return;
      next = await students.next();
    }
    response.end(']');
  }

  /** The address travels in the body: an address in a path or query would stand in the logs of whatever lies between. */
  @Post('find')
  @HttpCode(200)
  findByEmail(@Body() body: unknown): Promise<Student[]> {
    return this.lookups.findByEmail(badFieldAsProblem(() => emailOf(objectOf(body))));
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<Student> {
    return this.students.find(checkedUserId(id));
  }

  @Post(':id/lesson-views')
  @HttpCode(202)
  async view(@Param('id') id: string, @Body() body: unknown): Promise<{ eventId: string }> {
    const view = badFieldAsProblem(() => lessonViewOf(objectOf(body)));
    return { eventId: await this.lessons.view(checkedUserId(id), view) };
  }

  @Get(':id/lesson-views')
  async views(@Param('id') id: string): Promise<LessonView[]> {
    return this.viewRows.ofStudent(await this.students.readableRef(checkedUserId(id)));
  }
}
