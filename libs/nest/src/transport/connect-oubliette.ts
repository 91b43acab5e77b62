import { Catch } from '@nestjs/common';
import type { ArgumentsHost, INestApplication, RpcExceptionFilter } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { OublietteTransport } from './oubliette-transport.js';

/**
 * Passes a handler's own error on to the transport. Nest's default would log its message, which may quote a personal value,
 * and put "Internal server error" in its place, which says nothing about whether to try again.
 */
@Catch()
class HandlerErrorFilter implements RpcExceptionFilter {
  catch(exception: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => exception);
  }
}

/**
 * Initialises the application (register global filters and pipes before), binds its `@EncryptedTopic` handlers and starts
 * consuming. Resolves when every group was
 * joined. `app.close()` stops it again. Filters of handlers, classes and the application come before ours.
 */
export async function connectOubliette(app: INestApplication): Promise<INestMicroservice> {
  await app.init();
  const microservice = app.connectMicroservice(
    { strategy: app.get(OublietteTransport) },
    { deferInitialization: true },
  );
  microservice.useGlobalFilters(new HandlerErrorFilter());
  // The application has run its hooks already; the microservice shares its container and must not run them again.
  (microservice as INestMicroservice & { setIsInitHookCalled(called: boolean): void }).setIsInitHookCalled(
    true,
  );
  await microservice.listen();
  return microservice;
}
