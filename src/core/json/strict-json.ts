/**
 * JSON text that an operator wrote → a value of a known shape, or every problem with the path of the
 * place it is at: `$.grants[0].actions[1]`. Nothing is ignored: an unknown key, a key given twice or
 * a value of another kind is a problem. For the registries that options name.
 */
import { err, ok, type Result } from '../result.ts'

/** Where a reader stands, and whom it tells what is wrong there. */
export interface JsonPlace {
  /** Shape  `$`, `$.grants[0]`, `$.roles["a b"]` */
  readonly path: string
  readonly tell: (problem: string) => void
}

/** Undefined: a problem was told. */
export type JsonReader<T> = (value: unknown, place: JsonPlace) => T | undefined

/** A key that may be left out, and what it means then. */
export interface OptionalKey<T> {
  readonly read: JsonReader<T>
  readonly fallback: T
}

export type JsonShape<T> = {
  readonly [Key in keyof T & string]: JsonReader<T[Key]> | OptionalKey<T[Key]>
}

/**
 * Errors  that the text is no JSON, alone; else all that the readers tell, each after its path
 */
export function readStrictJson<T>(text: string, read: JsonReader<T>): Result<T, readonly string[]> {
  const problems: string[] = []
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return err([`it is not valid JSON from ${placeOf(text, validLength(text))} on`])
  }
  problems.push(...repeatedKeys(text).map((path) => `${path} is there twice`))
  const tell = (problem: string) => problems.push(problem)
  const value = read(parsed, { path: '$', tell })
  if (value === undefined || problems.length > 0) return err(problems)
  return ok(value)
}

/**
 * How many characters may begin a JSON text. The parser's own message quotes what it has read, which
 * is a secret where an option names the wrong file.
 */
function validLength(text: string): number {
  let valid = 0
  let wrong = text.length + 1
  while (wrong - valid > 1) {
    const middle = Math.floor((valid + wrong) / 2)
    if (mayBegin(text.slice(0, middle))) valid = middle
    else wrong = middle
  }
  return valid
}

function mayBegin(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (failure) {
    const message = failure instanceof Error ? failure.message : ''
    const position = /at position (\d+)/.exec(message)?.[1] ?? '-1'
    return message.includes('end of JSON input') || Number(position) >= text.length
  }
}

function placeOf(text: string, length: number): string {
  const lines = text.slice(0, length).split('\n')
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}

/** Tells that what stands here should be something else. */
function tellWanted({ path, tell }: JsonPlace, value: unknown, wanted: string): undefined {
  // what is of another kind as a whole may be another file
  const isOther = path === '$' && (typeof value === 'string' || typeof value === 'number')
  const found = isOther ? `a ${typeof value}` : shownJson(value)
  tell(`${path} is ${found}, it should be ${wanted}`)
  return undefined
}

/** A text that is not empty. */
export const jsonText: JsonReader<string> = (value, place) =>
  typeof value === 'string' && value !== '' ? value : tellWanted(place, value, 'a text')

export const jsonBoolean: JsonReader<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : tellWanted(place, value, 'true or false')

/** Any JSON, as its text. */
export const jsonAny: JsonReader<string> = (value, place) => {
  try {
    return JSON.stringify(value)
  } catch (failure) {
    if (!(failure instanceof RangeError)) throw failure
    place.tell(`${place.path} is nested too deeply`)
    return undefined
  }
}

export function jsonOneOf<T extends string>(allowed: readonly T[]): JsonReader<T> {
  return (value, place) =>
    allowed.find((each) => each === value) ??
    tellWanted(place, value, `one of ${allowed.join(', ')}`)
}

export function jsonList<T>(item: JsonReader<T>): JsonReader<readonly T[]> {
  return (value, place) =>
    Array.isArray(value) ? readAll(value, item, place) : tellWanted(place, value, 'a list')
}

/** One value, or a list of at least one. */
export function jsonOneOrMore<T>(item: JsonReader<T>): JsonReader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return readAll([value], item, place, () => place.path)
    return value.length > 0
      ? readAll(value, item, place)
      : tellWanted(place, value, 'a list of at least one')
  }
}

/** An object whose keys are names that its author chose. */
export function jsonMap<T>(item: JsonReader<T>): JsonReader<ReadonlyMap<string, T>> {
  return (value, place) => {
    if (!isObject(value)) return tellWanted(place, value, 'an object')
    const read = Object.entries(value).flatMap(([key, each]) => {
      const found = item(each, { ...place, path: place.path + step(key) })
      return found === undefined ? [] : [[key, found] as const]
    })
    return new Map(read)
  }
}

/**
 * An object of these keys and no others. `make` is given the value of every key: absent optional
 * ones have their fallback.
 */
export function jsonObject<T extends object>(shape: JsonShape<T>): JsonReader<T> {
  const known = Object.keys(shape)
  return (value, place) => {
    if (!isObject(value)) return tellWanted(place, value, 'an object')
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) {
        place.tell(`${place.path}${step(key)} is not known: known are ${known.join(', ')}`)
      }
    }
    const read: Record<string, unknown> = {}
    for (const key of known) read[key] = readKey(shape, key, value, place)
    return hasAll(read, shape) ? read : undefined
  }
}

/** What a reader gave, made into something else; `make` tells what is wrong with it. */
export function jsonThen<T, U>(
  read: JsonReader<T>,
  make: (value: T, place: JsonPlace) => U | undefined,
): JsonReader<U> {
  return (value, place) => {
    const found = read(value, place)
    return found === undefined ? undefined : make(found, place)
  }
}

/** A key that may be left out. */
export function orElse<T>(read: JsonReader<T>, fallback: T): OptionalKey<T> {
  return { read, fallback }
}

function readKey<T>(
  shape: JsonShape<T>,
  key: string,
  object: Readonly<Record<string, unknown>>,
  place: JsonPlace,
): unknown {
  const rule: JsonReader<unknown> | OptionalKey<unknown> | undefined = new Map<
    string,
    JsonReader<unknown> | OptionalKey<unknown>
  >(Object.entries(shape)).get(key)
  if (rule === undefined) return undefined
  const isOptional = typeof rule === 'object'
  if (!Object.hasOwn(object, key)) {
    if (isOptional) return rule.fallback
    place.tell(`${place.path} has no ${key}`)
    return undefined
  }
  const read = isOptional ? rule.read : rule
  return read(object[key], { ...place, path: place.path + step(key) })
}

/** Every key was read: what the readers gave is of the shape's types. */
function hasAll<T extends object>(read: object, shape: JsonShape<T>): read is T {
  const values = new Map<string, unknown>(Object.entries(read))
  return Object.keys(shape).every((key) => values.get(key) !== undefined)
}

/** The items that could be read; a problem with one was told and so refuses the whole. */
function readAll<T>(
  values: readonly unknown[],
  item: JsonReader<T>,
  place: JsonPlace,
  pathOf = (index: number) => `${place.path}[${index}]`,
): readonly T[] {
  return values.flatMap((value, index) => {
    const found = item(value, { ...place, path: pathOf(index) })
    return found === undefined ? [] : [found]
  })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function step(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

const longestShown = 40

function shownJson(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (isObject(value)) return 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

/** What is open while a text is walked through: the keys of an object, or the items of a list. */
type Open =
  | { readonly kind: 'object'; readonly seen: Set<string>; key: string; wantsKey: boolean }
  | { readonly kind: 'list'; index: number }

/**
 * Paths of keys that an object has twice, of which parsing keeps the last without a word. The text
 * is known to be JSON.
 */
function repeatedKeys(text: string): readonly string[] {
  const open: Open[] = []
  const repeated: string[] = []
  const path = () =>
    `$${open.map((each) => (each.kind === 'object' ? step(each.key) : `[${each.index}]`)).join('')}`
  for (const token of jsonTokens(text)) {
    const top = open.at(-1)
    if (token === '{') open.push({ kind: 'object', seen: new Set(), key: '', wantsKey: true })
    else if (token === '[') open.push({ kind: 'list', index: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && top?.kind === 'list') top.index += 1
    else if (token === ',' && top?.kind === 'object') top.wantsKey = true
    else if (top?.kind === 'object' && top.wantsKey) {
      top.wantsKey = false
      top.key = String(JSON.parse(token))
      if (top.seen.has(top.key)) repeated.push(path())
      top.seen.add(top.key)
    }
  }
  return repeated
}

/**
 * Whole strings, and what opens, closes and separates. A long string is too much for one pattern,
 * which keeps a way back for each of its characters.
 */
function* jsonTokens(text: string): Iterable<string> {
  let start = -1
  for (const { 0: found, index } of text.matchAll(/\\.|["[\]{},]/g)) {
    if (found === '"' && start === -1) start = index
    else if (found === '"') {
      yield text.slice(start, index + 1)
      start = -1
    } else if (start === -1) yield found
  }
}
