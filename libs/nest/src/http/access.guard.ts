import { Inject, Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { OublietteError } from '../errors.js';
import type { AccessOptions } from '../module/options.js';
import { OUBLIETTE_GUARD } from '../module/options.js';
import { BearerTokenGuard } from './bearer-token.guard.js';

/** Stands before every guarded route and asks the guard that the application configured. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(@Inject(OUBLIETTE_GUARD) private readonly guard: CanActivate) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    return this.guard.canActivate(context);
  }
}

/** Rejects with `ACCESS_GUARD_MISSING`: nothing is served without a guard. */
export async function configuredGuard(
  access: AccessOptions | undefined,
  moduleRef: ModuleRef,
): Promise<CanActivate> {
  if (access !== undefined && 'token' in access && typeof access.token === 'string') {
    return new BearerTokenGuard(access.token);
  }
  if (access !== undefined && 'guard' in access && access.guard) {
    return typeof access.guard === 'function' ? moduleRef.create(access.guard) : access.guard;
  }
  throw new OublietteError(
    'ACCESS_GUARD_MISSING',
    'The privacy routes need a guard: set access: { token } or access: { guard } in the options of OublietteModule.',
  );
}
