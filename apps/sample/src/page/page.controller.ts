import { Controller, Get, Res } from '@nestjs/common';
import { ServerResponse } from 'node:http';
import { Page } from './page.js';

@Controller()
export class PageController {
  constructor(private readonly page: Page) {}

  /** The page holds no data and no token: that comes in the address's fragment, which browsers keep to themselves. */
  @Get()
  show(@Res() response: ServerResponse): void {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.setHeader('Content-Security-Policy', this.page.contentSecurityPolicy);
    response.end(this.page.html);
  }
}
