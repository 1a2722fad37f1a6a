/**
 * Compares an answer with what a case expects, and with what every answer has to hold to whatever
 * was asked. Gives the differences as text, so that the runner can also ask whether there are any.
 */
import { isDeepStrictEqual } from 'node:util'
import type { CaseRequest, ExpectedAnswer, Json } from './conformance-case.ts'
import type { ReceivedAnswer } from './send-request.ts'

/** Each entry says what is otherwise than expected; none: the answer is as expected. */
export function findDeviations(
  answer: ReceivedAnswer,
  expected: ExpectedAnswer,
  schema: string,
): readonly string[] {
  const body = expected.body === undefined ? undefined : withSchema(expected.body, schema)
  return [
    ...compare('status', answer.status, expected.status),
    ...Object.entries(expected.headers ?? {}).flatMap(([name, value]) => {
      return checkHeader(name, answer.headers.get(name.toLowerCase()), value, schema)
    }),
    ...(body === undefined ? [] : checkJson(answer, body)),
    ...(expected.code === undefined ? [] : compare('code', codeOf(answer), expected.code)),
    ...(expected.text === undefined ? [] : checkText(answer.text, expected.text, schema)),
  ]
}

/**
 * What holds for every answer but a preflight's.
 *
 * Rule  PostgREST docs: errors (Proxy-Status), vary_header
 */
export function findBrokenRules(
  { method, headers: asked }: CaseRequest,
  answer: ReceivedAnswer,
  verbosity: 'verbose' | 'minimal',
): readonly string[] {
  if (asked?.['Access-Control-Request-Method'] !== undefined) return []
  const { headers } = answer
  const code = codeOf(answer)
  // a function may set any status
  const isError = headers.has('proxy-status') || (answer.status >= 400 && code !== undefined)
  // the body of a window past the end is an error's, the headers stay those of a read
  const isPastEnd = code === 'PGRST103' && headers.has('content-range')
  if (!isError || isPastEnd) return compare('vary', headers.has('vary'), true)
  const keys =
    verbosity === 'minimal' ? ['code', 'message'] : ['code', 'details', 'hint', 'message']
  const words = method === 'HEAD' ? [] : compare('keys of the error', keysOf(answer), keys)
  const own =
    method === 'HEAD'
      ? []
      : compare('proxy-status', headers.get('proxy-status'), [`PostgREST; error=${code}`])
  const type = headers.get('content-type')
  return [
    ...words,
    ...own,
    ...compare('content-type of the error', type, ['application/json; charset=utf-8']),
    ...compare('vary of the error', headers.get('vary'), undefined),
  ]
}

function compare(what: string, actual: unknown, expected: unknown): readonly string[] {
  if (isDeepStrictEqual(actual, expected)) return []
  return [`${what}: expected ${show(expected)}, received ${show(actual)}`]
}

function show(value: unknown): string {
  return value instanceof RegExp ? String(value) : (JSON.stringify(value) ?? 'nothing')
}

function checkHeader(
  name: string,
  lines: readonly string[] | undefined,
  expected: string | RegExp | readonly string[] | null,
  schema: string,
): readonly string[] {
  if (expected === null) return compare(name, lines, undefined)
  if (expected instanceof RegExp) {
    const isThere = lines !== undefined && expected.test(lines.join(', '))
    return isThere ? [] : [`${name}: expected ${expected}, received ${show(lines)}`]
  }
  const list = typeof expected === 'string' ? [expected] : expected
  return compare(
    name,
    lines,
    list.map((text) => named(text, schema)),
  )
}

function checkText(text: string, expected: string | RegExp, schema: string): readonly string[] {
  if (typeof expected === 'string') return compare('body', text, named(expected, schema))
  return expected.test(text) ? [] : [`body: expected ${expected}, received ${show(text)}`]
}

function checkJson(answer: ReceivedAnswer, expected: Json): readonly string[] {
  const actual = parsed(answer.text)
  const isSame = isDeepStrictEqual(actual, expected)
  return isSame ? [] : [`body: expected ${show(expected)}\n      received ${answer.text}`]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function errorOf({ text }: ReceivedAnswer): Readonly<Record<string, unknown>> {
  const value = parsed(text)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function codeOf(answer: ReceivedAnswer): unknown {
  return errorOf(answer)['code']
}

function keysOf(answer: ReceivedAnswer): readonly string[] {
  return Object.keys(errorOf(answer))
}

function named(text: string, schema: string): string {
  return text.replaceAll('{schema}', schema)
}

function withSchema(value: Json, schema: string): Json {
  if (typeof value === 'string') return named(value, schema)
  if (value === null || typeof value !== 'object') return value
  if (isList(value)) return value.map((each) => withSchema(each, schema))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withSchema(each, schema)]),
  )
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
