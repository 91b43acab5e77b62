/** What certificates name as the software; a test holds it to package.json. */
export const software = { name: 'oubliette', version: '0.1.0' } as const;
