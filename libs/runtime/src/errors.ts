/** What failed on the disk; `code` is Node's error code (ENOENT, ENOSPC, EACCES, EIO, …) or ELOCKED. */
export class DiskError extends Error {
  override readonly name = 'DiskError';

  constructor(
    readonly code: string,
    readonly operation: string,
    readonly path: string,
    advice?: string,
    options?: ErrorOptions,
  ) {
    super(`${operation} of ${path} failed: ${code}. ${advice ?? adviceFor(code)}`, options);
  }
}

/** A text that is no duration; `code` is DURATION_INVALID. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
  readonly code = 'DURATION_INVALID';

  constructor(text: string) {
    super(
      `"${text.slice(0, 40)}" is not a duration. Write a whole number and a unit: 500ms, 30s, 5m, 12h or 7d.`,
    );
  }
}

function adviceFor(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'The file or its directory does not exist: check the path.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full: free space or move the directory.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'This process may not do that there: check owner, permissions and mount options.';
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many open files: raise the limit (ulimit -n).';
    case 'EIO':
      return 'The device reports an error: check the hardware before trusting the data.';
    default:
      return 'See the error code of the operating system.';
  }
}
