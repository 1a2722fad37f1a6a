/**
 * What holds for every answer, whatever was asked: a status that the contract knows for the case,
 * errors in the one envelope with its header, bodies that are what their headers say, nothing of
 * the tables that nobody may see.
 *
 * Rule  PostgREST docs: errors, pagination_count
 */
import type { FuzzRequest } from './generate-request.ts'
import type { WireAnswer } from './wire-client.ts'

/**
 * Codes that are 5xx by contract and that a client's request can lead to; their number is reported.
 * Everything else of 500 and above is a fault of ours.
 */
const allowedFailures: ReadonlyMap<string, string> = new Map([
  ['57014', 'statement timeout'],
  ['54000', 'program limit exceeded: an index row, a text search vector or a pattern too large'],
  ['21000', 'cardinality violation: one statement writes a row twice'],
  ['40P01', 'deadlock with another write'],
  ['40001', 'serialization failure'],
  ['55000', 'a view that cannot be written to'],
  ['PGRST111', 'a function set headers that are none'],
  ['PGRST112', 'a function set a status that is none'],
])

export interface Verdict {
  /** The envelope's code, null for answers that are no errors. */
  readonly code: string | null
  readonly problems: readonly string[]
}

const secret = 'never-shown'
const envelopeKeys = 'code,details,hint,message'

function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

function headerOf(answer: WireAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1]
}

function checkEnvelope(answer: WireAnswer, text: string): Verdict {
  const parsed = parseJson(text)?.value
  if (typeof parsed !== 'object' || parsed === null) {
    return { code: null, problems: [`an error without envelope: ${text.slice(0, 300)}`] }
  }
  const problems: string[] = []
  const fields: Readonly<Record<string, unknown>> = { ...parsed }
  if (Object.keys(fields).join() !== envelopeKeys) {
    problems.push(`an envelope of ${Object.keys(fields).join()}`)
  }
  const code = typeof fields['code'] === 'string' ? fields['code'] : ''
  if (typeof fields['message'] !== 'string') problems.push('an envelope without a message')
  // an offset past the total is told by the page itself: its headers are those of a read
  const isPastTheEnd = answer.status === 416 && headerOf(answer, 'content-range') !== undefined
  if (isPastTheEnd) return { code, problems }
  const proxyStatus = headerOf(answer, 'proxy-status')
  if (proxyStatus !== `PostgREST; error=${code}`) problems.push(`Proxy-Status is ${proxyStatus}`)
  const type = headerOf(answer, 'content-type')
  if (type !== 'application/json; charset=utf-8') problems.push(`an envelope as ${type}`)
  if (answer.status >= 500 && !allowedFailures.has(code)) {
    problems.push(`a server error: ${text.slice(0, 500)}`)
  }
  return { code, problems }
}

const contentRange = /^(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/

/** The number of rows that `Content-Range` and the body tell of is the same. */
function checkRange(answer: WireAnswer, value: unknown): readonly string[] {
  const range = headerOf(answer, 'content-range')
  if (range === undefined) return []
  const match = contentRange.exec(range)
  if (match === null) return [`Content-Range is ${range}`]
  const [, first, last, total] = match
  if (first === undefined || last === undefined || !Array.isArray(value)) return []
  const rows = Number(last) - Number(first) + 1
  const problems = rows === value.length ? [] : [`Content-Range ${range}, ${value.length} rows`]
  return total !== '*' && total !== undefined && answer.status === 206 && Number(total) < rows
    ? [...problems, `Content-Range ${range} counts less than it shows`]
    : problems
}

function checkSuccess(request: FuzzRequest, answer: WireAnswer, text: string): readonly string[] {
  const type = headerOf(answer, 'content-type') ?? ''
  const isJson = type.startsWith('application/json')
  if (!isJson || text === '' || request.method === 'HEAD') return []
  const parsed = parseJson(text)
  if (parsed === null) return [`a body that is no JSON: ${text.slice(0, 300)}`]
  // the rows of a function's result can be one array
  return request.method === 'GET' && !isCall(request) ? checkRange(answer, parsed.value) : []
}

function isCall(request: FuzzRequest): boolean {
  return decodedPath(request).startsWith('/rpc/')
}

function decodedPath({ target }: FuzzRequest): string {
  const [path = ''] = target.split('?')
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** The status of these answers is a function's to say. */
const statedByFunction = /\/say_status/

export function checkAnswer(request: FuzzRequest, answer: WireAnswer): Verdict {
  const text = answer.body.toString()
  const problems: string[] = []
  if (text.includes(secret)) problems.push('it shows what nobody may see')
  if (!(headerOf(answer, 'server') ?? '').startsWith('dbrest/')) problems.push('no Server header')
  if (answer.status >= 300 && !statedByFunction.test(decodedPath(request))) {
    const code = /error=(.*)$/.exec(headerOf(answer, 'proxy-status') ?? '')?.[1] ?? null
    if (request.method === 'HEAD' && text === '') {
      if (code === null && answer.status !== 416) problems.push('an error without Proxy-Status')
      if (answer.status >= 500 && !allowedFailures.has(code ?? '')) {
        problems.push(`a server error: ${answer.status} ${code}`)
      }
      return { code, problems }
    }
    const verdict = checkEnvelope(answer, text)
    return { code: verdict.code, problems: [...problems, ...verdict.problems] }
  }
  return { code: null, problems: [...problems, ...checkSuccess(request, answer, text)] }
}
