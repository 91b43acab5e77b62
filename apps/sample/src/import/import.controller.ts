import { Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { AccessGuard, ProblemError } from '@oubliette/nest';
import { IncomingMessage } from 'node:http';
import { ImportService, type ImportCounts } from './import.service.js';
import { LineError, ndjsonLines } from './ndjson.js';

/** Reads its own body: a stream of lines of any length in all. */
@Controller('import')
@UseGuards(AccessGuard)
export class ImportController {
  constructor(private readonly imports: ImportService) {}

  @Post()
  @HttpCode(200)
  async run(@Req() request: IncomingMessage): Promise<ImportCounts> {
    try {
      return await this.imports.run(ndjsonLines(request));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      const { number, field, problem } = error;
      throw new ProblemError(
        400,
        'IMPORT_LINE_INVALID',
        `Line ${number}: ${field} ${problem}. The lines before it are kept.`,
        field,
      );
    }
  }
}
