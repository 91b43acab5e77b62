/** A range of versions as Kafka writes them: `3`, `0-12`, `3+`. */
export type VersionRange = `${number}` | `${number}-${number}` | `${number}+`;

export interface Versions {
  readonly min: number;
  readonly max: number;
}

export function parseVersions(range: VersionRange): Versions {
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(range);
  if (match === null) throw new TypeError(`"${range}" is no range of versions, write 3, 0-12 or 3+`);
  const min = Number(match[1]);
  if (match[2] !== undefined) return { min, max: Number.MAX_SAFE_INTEGER };
  return { min, max: match[3] === undefined ? min : Number(match[3]) };
}

export function includesVersion(range: VersionRange | undefined, version: number): boolean {
  if (range === undefined) return false;
  const { min, max } = parseVersions(range);
  return version >= min && version <= max;
}
