/** What Kafka says to requests about access control while it has no authorizer. */
export const noAuthorizer = 'No Authorizer is configured.';
