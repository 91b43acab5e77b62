import assert from 'node:assert/strict';
import type { INestApplication } from '@nestjs/common';

export const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

export async function listening(
  app: INestApplication,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

export async function assertProblem(
  response: Response,
  status: number,
  code: string,
  field?: string,
): Promise<void> {
  assert.equal(response.status, status);
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  const body = (await response.json()) as Record<string, unknown>;
  assert.equal(body['status'], status);
  assert.equal(body['code'], code);
  assert.equal(body['field'], field);
  assert.equal(typeof body['title'], 'string');
}
