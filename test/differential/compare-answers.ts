/**
 * Two answers to one request, made comparable: what an engine calls its schema, the order of keys
 * that `jsonb` has of its own, and the zeros of numbers are taken off.
 */
export interface Answer {
  readonly status: number
  readonly type: string | null
  readonly range: string | null
  readonly location: string | null
  readonly preferences: string | null
  readonly body: unknown
  /** Of a refusal. */
  readonly code?: string
  readonly message?: string
  readonly details?: string
}

/** `schema`: what the engine calls its own, by the name of which the answer has PostgreSQL's. */
export function toAnswer(status: number, headers: Headers, text: string, schema: string): Answer {
  const type = headers.get('content-type')
  const renamed = text
    .replaceAll(`${schema}.`, 'public.')
    .replaceAll(`schema '${schema}'`, "schema 'public'")
  const isJson = type?.includes('json') === true && renamed !== ''
  const body: unknown = isJson ? JSON.parse(renamed) : renamed
  const answer = {
    status,
    type,
    range: headers.get('content-range'),
    location: headers.get('location'),
    preferences: headers.get('preference-applied'),
    body,
  }
  if (status < 400 || typeof body !== 'object' || body === null) return answer
  const { code, message, details } = body as Readonly<Record<string, unknown>>
  return { ...answer, code: String(code), message: String(message), details: String(details) }
}

/** Sums and averages of floating-point numbers depend on their order in the last digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(12))
}

/**
 * Texts that are JSON documents: `jsonb` has its own blanks and its own order of keys. Keys are in one
 * order, by which rows without an order are put into one.
 */
function withoutLayout(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLayout)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, each]) => [key, withoutLayout(each)] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    )
  }
  if (typeof value === 'number') return rounded(value)
  return typeof value === 'string' && /^[[{]/.test(value) ? documentOr(value) : value
}

function documentOr(text: string): unknown {
  try {
    return withoutLayout(JSON.parse(text))
  } catch {
    return text
  }
}

function unquoted(field: string): string {
  return field.slice(1, -1).replaceAll('""', '"').replaceAll('\\\\', '\\')
}

/** What stands below the names of a CSV text, in any order. */
export function csvValues({ body }: Answer): unknown {
  const rows = typeof body === 'string' ? csvRows(body) : null
  return Array.isArray(rows) ? sorted(rows.slice(1)) : null
}

/** Rows of CSV, whose fields may be documents, and numbers with zeros behind them. */
function csvRows(text: string): unknown {
  const rows: unknown[][] = [[]]
  for (const [, field = '', end] of text.matchAll(/("(?:[^"]|"")*"|[^",\n]*)(,|\n|$)/g)) {
    const isNumber = /^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/.test(field)
    const value = isNumber ? rounded(Number(field)) : withoutLayout(field)
    rows.at(-1)?.push(field.startsWith('"') ? withoutLayout(unquoted(field)) : value)
    if (end === '\n') rows.push([])
    if (end === '') break
  }
  return rows
}

function sorted(body: unknown): unknown {
  if (!Array.isArray(body)) return body
  return body.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** Of the numbers in a text: the zeros that a declared scale adds are PostgreSQL's alone. */
export function withoutScale(text: string): string {
  return text.replace(/(\.\d*?)0+(?=[,)])/g, '$1').replace(/\.(?=[,)])/g, '')
}

/**
 * Refusals are the same by status, code and message, of constraints also by what they tell of rows;
 * else the words beside it may be an engine's own.
 */
export function comparable(answer: Answer, isOrdered = true): unknown {
  const { code, message, body, details, ...rest } = answer
  if (code !== undefined) {
    const isOfConstraint = code.startsWith('23')
    const plain = details === undefined ? undefined : withoutScale(details)
    return { status: rest.status, code, message, ...(isOfConstraint ? { details: plain } : {}) }
  }
  const plain = typeof body === 'string' ? csvRows(body) : withoutLayout(body)
  return { ...rest, body: isOrdered ? plain : sorted(plain) }
}
