import { apis, ErrorCode } from '@oubliette/protocol';
import { defineHandler } from '../server/api-handler.js';

/*
 * ApiVersions, versions 0 to 4, made from the handlers' registrations. A version this broker does not know is answered by the
 * dispatcher. A client's name that is not a name is refused (KIP-511).
 */

const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

export const apiVersions = defineHandler(
  apis.apiVersions,
  { versions: [0, 4] },
  (request, { served, version }) => {
    const isNamed = [request.clientSoftwareName, request.clientSoftwareVersion].every((text) =>
      softwareName.test(text),
    );
    if (version >= 3 && !isNamed) {
      return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [], throttleTimeMs: 0 };
    }
    return {
      errorCode: ErrorCode.NONE,
      apiKeys: served.map(({ key, minVersion, maxVersion }) => ({ apiKey: key, minVersion, maxVersion })),
      throttleTimeMs: 0,
    };
  },
);
