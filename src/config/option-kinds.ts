/**
 * The kinds of options: how a configured value becomes a value of `Config`, and how a dump spells it
 * again. An empty text counts as not given, and so does a number in place of a boolean or the other
 * way round, as in PostgREST; everything else that is no value of the kind is a problem. Problems
 * say what is allowed; which option, value and place they are about is `load-config.ts`'s to say.
 */
import { err, ok, type Result } from '../core/result.ts'
import { longestTimerMs } from '../core/timer-ms.ts'
import type { Config } from './config.ts'
import { configString } from './file/config-string.ts'
import { booleanOf, type FileValue, fileValueText, integerOf } from './file/file-value.ts'

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

interface NumberLimits {
  /** Absent: any. */
  readonly least?: number
  readonly most?: number
  /** What is counted: `seconds`. */
  readonly unit?: string
}

/** A whole number within limits. */
export function integer({ least, most, unit }: NumberLimits): OptionKind<number> {
  const what = unit === undefined ? 'a whole number' : `a whole number of ${unit}`
  const problem = `${what}${rangeText(least, most)}`
  return {
    type: unit === undefined ? 'integer' : `integer (${unit})`,
    parse(value) {
      if (value === '' || typeof value === 'boolean') return ok(undefined)
      const number = integerOf(value)
      const isAllowed = number !== null && number >= (least ?? number) && number <= (most ?? number)
      return isAllowed ? ok(number) : err(`it should be ${problem}`)
    },
    print: String,
  }
}

function rangeText(least?: number, most?: number): string {
  if (least === undefined) return ''
  return most === undefined ? `, ${least} or more` : ` from ${least} to ${most}`
}

/** Milliseconds that a timer can take. */
export function milliseconds(least = 0): OptionKind<number> {
  return integer({ least, most: longestTimerMs, unit: 'milliseconds' })
}

export const optionalMilliseconds: OptionKind<number | null> = optional(milliseconds())

/** More than timers take is as good as for ever. */
export const seconds: OptionKind<number> = integer({ least: 0, unit: 'seconds' })

export const lastPort = 65_535
export const portProblem = `it should be a whole number from 0 to ${lastPort}`

/**
 * A TCP port; 0 takes any free one. Whether the number is one is checked by `load-config.ts`, since
 * PostgREST asks a server at any number.
 */
export const port: OptionKind<number> = {
  type: 'integer',
  parse(value) {
    if (value === '' || typeof value === 'boolean') return ok(undefined)
    const number = integerOf(value)
    return number === null ? err(portProblem) : ok(number)
  },
  print: String,
}

export const optionalPort: OptionKind<number | null> = optional(port)

export const boolean: OptionKind<boolean> = {
  type: 'boolean',
  parse(value) {
    if (value === '' || typeof value === 'number') return ok(undefined)
    const truth = booleanOf(value)
    return truth === null ? err('it should be true or false') : ok(truth)
  },
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

interface ChoiceTraits<T extends string> {
  /** What PostgREST says of another value. */
  readonly problem?: string
  /** Other names of the values. */
  readonly aliases?: Readonly<Record<string, T>>
}

export function choice<T extends string>(
  values: readonly T[],
  { problem, aliases = {} }: ChoiceTraits<T> = {},
): OptionKind<T> {
  const allowed = [...values, ...Object.keys(aliases)].join(', ')
  return {
    type: values.join(' | '),
    parse(value) {
      const given = givenText(value)
      if (given === undefined) return ok(undefined)
      const chosen =
        values.find((candidate) => candidate === given) ??
        new Map(Object.entries(aliases)).get(given)
      if (chosen !== undefined) return ok(chosen)
      return err(`${problem === undefined ? '' : `${problem} `}Allowed: ${allowed}`)
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

const basePathProblem =
  'it should be a path of letters, digits, ., _, ~ and -, as /rest/v1, without a slash at its end'

/** Segments that no client writes in two ways. */
export const basePath: OptionKind<string | null> = {
  ...checkedText((path) => /^(?:\/(?!\.\.?(?:\/|$))[\w.~-]+)+$/.test(path), basePathProblem),
  type: 'path',
}

/** A whole number within limits, or the word `auto`. */
export function integerOrAuto(limits: NumberLimits): OptionKind<number | 'auto'> {
  const number = integer(limits)
  return {
    type: `${number.type} | auto`,
    parse(value, name) {
      if (value === 'auto') return ok('auto')
      const parsed = number.parse(value, name)
      return parsed.ok ? parsed : err(`${parsed.error}, or auto`)
    },
    print: (value) => (value === 'auto' ? configString(value) : String(value)),
  }
}

/** Octal digits up to the first other character, as a number. */
export const fileMode: OptionKind<number> = {
  type: 'octal mode',
  parse(value, name) {
    const given = givenText(value)
    if (given === undefined) return ok(undefined)
    const digits = /^\s*([0-7]+)/.exec(given)?.[1]
    const mode = digits === undefined ? null : Number.parseInt(digits, 8)
    if (mode === null) return err(`Invalid ${name}: not an octal from 600 to 777`)
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

export function optionalInteger(limits: NumberLimits): OptionKind<number | null> {
  return optional(integer(limits))
}

function givenText(value: FileValue): string | undefined {
  const given = fileValueText(value)
  return given === '' ? undefined : given
}

function membersOf(given: string): readonly string[] {
  return given.split(',').map((member) => member.trim())
}
