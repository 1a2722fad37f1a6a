/**
 * The kinds of options: how a configured value becomes a value of `Config`, and how a dump spells it
 * again. An empty text counts as not given, and so does a value of the wrong type, as in
 * PostgREST; options of our own say what is wrong instead.
 */
import { err, ok, type Result } from '../core/result.ts'
import { longestTimerMs } from '../core/timer-ms.ts'
import type { Config } from './config.ts'
import { configString } from './config-string.ts'
import { booleanOf, type FileValue, fileValueText, integerOf } from './file-value.ts'

export interface OptionKind<T> {
  /** For the documentation. */
  readonly type: string
  /** Undefined: as if it were not given. */
  readonly parse: (value: FileValue, name: string) => Result<T | undefined, string>
  readonly print: (value: T, config: Config) => string
}

export const text: OptionKind<string> = {
  type: 'text',
  parse: (value) => ok(givenText(value)),
  print: (value) => configString(value),
}

export const optionalText: OptionKind<string | null> = optional(text)

export const integer: OptionKind<number> = {
  type: 'integer',
  parse: (value) => ok(integerOf(value) ?? undefined),
  print: String,
}

export const optionalInteger: OptionKind<number | null> = optional(integer)

export const boolean: OptionKind<boolean> = {
  type: 'boolean',
  parse: (value) => ok(booleanOf(value) ?? undefined),
  print: String,
}

/** Split at commas. */
export const list: OptionKind<readonly string[]> = {
  type: 'list',
  parse(value) {
    const given = givenText(value)
    return ok(given === undefined ? undefined : membersOf(given))
  },
  print: (members) => configString(members.join(',')),
}

export const optionalList: OptionKind<readonly string[] | null> = optional(list)

/** Here an empty text says "none". */
export const emptyableList: OptionKind<readonly string[]> = {
  ...list,
  parse(value) {
    const given = fileValueText(value)
    return ok(given === '' ? [] : membersOf(given))
  },
}

/** The names of schemas; the system's own are never exposed. */
export const schemaList: OptionKind<readonly string[]> = {
  ...list,
  parse(value, name) {
    const parsed = list.parse(value, name)
    const forbidden = ['pg_catalog', 'information_schema'].find(
      (schema) => parsed.ok && parsed.value?.includes(schema) === true,
    )
    return forbidden === undefined
      ? parsed
      : err(`db-schemas does not allow schema: '${forbidden}'`)
  },
}

/** A number of things, `least` or more; another value is a problem. */
export function count(unit: string, least = 0): OptionKind<number> {
  return {
    type: `integer (${unit})`,
    parse(value, name) {
      if (value === '') return ok(undefined)
      const number = integerOf(value)
      if (number === null || number < least) {
        return err(`${name} should be a whole number of ${unit}, ${least} or more`)
      }
      return unit === 'milliseconds' && number > longestTimerMs
        ? err(`${name} should be ${longestTimerMs} milliseconds or less`)
        : ok(number)
    },
    print: String,
  }
}

export function optionalCount(unit: string, least = 0): OptionKind<number | null> {
  return optional(count(unit, least))
}

export function choice<T extends string>(values: readonly T[], problem: string): OptionKind<T> {
  return {
    type: values.join(' | '),
    parse(value) {
      const given = givenText(value)
      if (given === undefined) return ok(undefined)
      const chosen = values.find((candidate) => candidate === given)
      return chosen === undefined ? err(problem) : ok(chosen)
    },
    print: (value) => configString(value),
  }
}

export function checkedText(
  isValid: (value: string) => boolean,
  problem: string,
): OptionKind<string | null> {
  return {
    ...optionalText,
    parse(value) {
      const given = givenText(value)
      if (given === undefined) return ok(undefined)
      return isValid(given) ? ok(given) : err(problem)
    },
  }
}

/** Octal digits up to the first other character, as a number. */
export const fileMode: OptionKind<number> = {
  type: 'octal mode',
  parse(value, name) {
    const given = givenText(value)
    if (given === undefined) return ok(undefined)
    const digits = /^\s*([0-7]+)/.exec(given)?.[1]
    if (digits === undefined) return err(`Invalid ${name}: not an octal`)
    const mode = Number.parseInt(digits, 8)
    return mode >= 0o600 && mode <= 0o777
      ? ok(mode)
      : err(`Invalid ${name}: needs to be between 600 and 777`)
  },
  print: (mode) => configString(mode.toString(8)),
}

function optional<T>(kind: OptionKind<T>): OptionKind<T | null> {
  return {
    ...kind,
    print: (value, config) => (value === null ? '""' : kind.print(value, config)),
  }
}

function givenText(value: FileValue): string | undefined {
  const given = fileValueText(value)
  return given === '' ? undefined : given
}

function membersOf(given: string): readonly string[] {
  return given.split(',').map((member) => member.trim())
}
