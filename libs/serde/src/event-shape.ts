import { isPurposeName } from '@oubliette/keyring';
import { SerdeError } from './errors.js';
import type { EventSpec, FieldPurpose } from './event-codec.js';

/** One step of the personal paths: `path` is set where a personal value stands, `steps` where the path goes on. */
export interface PathStep {
  readonly name: string;
  /** Dotted path from the root to here. */
  readonly path: string;
  readonly steps: readonly PathStep[];
}

/** A specification checked and laid out for walking. */
export interface EventShape {
  readonly spec: EventSpec;
  readonly paths: readonly string[];
  readonly steps: readonly PathStep[];
  /** The user id's path in parts. */
  readonly userIdNames: readonly string[] | null;
  /** The same of what names the record. */
  readonly recordKeyNames: readonly string[] | null;
  /** By path. */
  readonly purposes: ReadonlyMap<string, FieldPurpose>;
}

interface OpenStep extends PathStep {
  readonly steps: OpenStep[];
}

/** Throws `EVENT_SPEC_INVALID` for empty names, empty or overlapping paths, personal paths without a user, purposes of other paths, and record keys of nobody. */
export function shapeOf(spec: EventSpec): EventShape {
  if (spec.stream === '' || spec.type === '') {
    throw new SerdeError('EVENT_SPEC_INVALID', 'An event needs a stream and a type: give both a name.');
  }
  if (spec.userIdPath === null && spec.personalPaths.length > 0) {
    throw new SerdeError(
      'EVENT_SPEC_INVALID',
      `Event ${spec.type} has personal fields but no user: declare whose they are (userIdPath, @UserId).`,
    );
  }
  const paths = [...new Set([...(spec.userIdPath === null ? [] : [spec.userIdPath]), ...spec.personalPaths])];
  const steps: OpenStep[] = [];
  for (const path of paths) addPath(spec, steps, path);
  const userIdNames = spec.userIdPath?.split('.') ?? null;
  return {
    spec,
    paths,
    steps,
    userIdNames,
    recordKeyNames: recordKeyNamesOf(spec),
    purposes: purposesOf(spec),
  };
}

function recordKeyNamesOf(spec: EventSpec): readonly string[] | null {
  const { recordKeyPath: path, userIdPath, purposes = {} } = spec;
  if (path === undefined) return null;
  const names = path.split('.');
  const mayBeOmitted = Object.entries(purposes).some(
    ([above, { whenWithdrawn }]) => whenWithdrawn === 'omit' && `${path}.`.startsWith(`${above}.`),
  );
  const problem =
    userIdPath === null
      ? 'names a record of a user, and the event has none'
      : names.includes('')
        ? 'is empty in a part'
        : mayBeOmitted
          ? 'names the record, and may not be left out when a purpose is withdrawn'
          : null;
  if (problem !== null)
    throw new SerdeError('EVENT_SPEC_INVALID', `Event ${spec.type}: "${path}" ${problem}.`, path);
  return names;
}

function purposesOf(spec: EventSpec): ReadonlyMap<string, FieldPurpose> {
  const purposes = new Map(Object.entries(spec.purposes ?? {}));
  for (const [path, { purpose }] of purposes) {
    const problem = !spec.personalPaths.includes(path)
      ? 'is not declared as personal'
      : path === spec.userIdPath
        ? 'is the user id, which ends with the user only'
        : isPurposeName(purpose)
          ? null
          : 'has a purpose that is not named by 1 to 64 lower-case letters, digits and hyphens, a letter first';
    if (problem !== null)
      throw new SerdeError('EVENT_SPEC_INVALID', `Event ${spec.type}: "${path}" ${problem}.`, path);
  }
  return purposes;
}

function addPath(spec: EventSpec, root: OpenStep[], path: string): void {
  const names = path.split('.');
  let level = root;
  names.forEach((name, depth) => {
    const last = depth === names.length - 1;
    const known = level.find((step) => step.name === name);
    if (name === '' || (known !== undefined && (last || known.steps.length === 0))) {
      throw new SerdeError(
        'EVENT_SPEC_INVALID',
        `Event ${spec.type}: personal path "${path}" is empty in a part or lies in another one.`,
        path,
      );
    }
    const step = known ?? { name, path: names.slice(0, depth + 1).join('.'), steps: [] };
    if (known === undefined) level.push(step);
    level = step.steps;
  });
}

/**
 * Copies `root` along the personal paths and puts `visit(path, value)` in place of each personal value.
 * Absent and undefined values stay absent. `obstructed(path)` throws: a path runs into something that is no object,
 * so a personal value might stand there in clear.
 */
export function rewritePersonal(
  root: object,
  steps: readonly PathStep[],
  visit: (path: string, value: unknown) => unknown,
  obstructed: (path: string) => never,
): object {
  const copy: Record<string, unknown> = { ...root };
  for (const step of steps) {
    const value = Object.hasOwn(copy, step.name) ? copy[step.name] : undefined;
    if (value === undefined) continue;
    if (step.steps.length === 0) copy[step.name] = visit(step.path, value);
    else if (value !== null)
      copy[step.name] = isContainer(value)
        ? rewritePersonal(value, step.steps, visit, obstructed)
        : obstructed(step.path);
  }
  return copy;
}

/** A copy of `root` in which nothing stands at these dotted paths. */
export function withoutPaths(root: object, paths: readonly string[]): object {
  return paths.reduce((copy, path) => without(copy, path.split('.')), root);
}

function without(root: object, [name, ...rest]: readonly string[]): object {
  if (name === undefined || !Object.hasOwn(root, name)) return root;
  const { [name]: value, ...others } = root as Record<string, unknown>;
  if (rest.length === 0) return others;
  return isContainer(value) ? { ...others, [name]: without(value, rest) } : root;
}

/** The value at a dotted path; undefined when it is absent. */
export function valueAt(root: object, path: string): unknown {
  return valueAtNames(root, path.split('.'));
}

/** The same for a path in parts. */
export function valueAtNames(root: object, names: readonly string[]): unknown {
  let value: unknown = root;
  for (const name of names) {
    if (!isContainer(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
