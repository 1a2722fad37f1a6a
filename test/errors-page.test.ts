/**
 * docs/errors.md and the code know the same errors: each code that can be answered is a heading of the
 * page, and so an anchor, with its status and its message, and no other code is; of SQLSTATEs the
 * status is the one that is answered.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ApiError, JwtFailure } from '../src/errors/api-error.ts'
import { errorCodes, type FixedKind, jwtCodes, retiredCodes } from '../src/errors/error-codes.ts'
import { renderError } from '../src/errors/error-envelope.ts'
import { sqlStateStatus } from '../src/errors/sql-state-status.ts'

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), 'utf8')

interface Entry {
  readonly code: string
  readonly status: number
  /** `…` stands for what differs. */
  readonly messages: readonly string[]
}

/** `### PGRST205`, a blank line, then a paragraph of the status and the messages. */
const entries: readonly Entry[] = [
  ...page.matchAll(/^### (PGRST\w+)\n\n\*\*(\d+)\*\* ([^\n]+(?:\n[^\n]+)*)/gm),
].map(([, code = '', status = '', words = '']) => ({
  code,
  status: Number(status),
  messages: [...words.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
}))

type Example<K extends ApiError['kind']> = Extract<ApiError, { readonly kind: K }>

const noFunction = {
  kind: 'function-not-found',
  schema: 'api',
  name: 'f',
  contentType: 'application/json',
  isPost: true,
  suggestion: null,
} as const

/** Of each kind of error all that it says. */
const examples: { readonly [K in FixedKind]: readonly [Example<K>, ...Example<K>[]] } = {
  connection: [{ kind: 'connection', details: 'refused' }],
  'connection-lost': [{ kind: 'connection-lost', details: 'cut' }],
  'cache-not-loaded': [
    { kind: 'cache-not-loaded' },
    { kind: 'cache-not-loaded', unproven: 'no mark' },
  ],
  'acquisition-timeout': [{ kind: 'acquisition-timeout' }],
  'query-syntax': [
    {
      kind: 'query-syntax',
      message: '"failed to parse filter (1)" (line 1, column 1)',
      details: null,
    },
  ],
  'invalid-rpc-method': [{ kind: 'invalid-rpc-method', method: 'DELETE' }],
  'invalid-body': [
    { kind: 'invalid-body', message: 'Empty or invalid json' },
    { kind: 'invalid-body', message: 'All object keys must match' },
    { kind: 'invalid-body', message: 'Content-Type not acceptable: image/png' },
    { kind: 'invalid-body', message: 'All lines must have same number of fields' },
    { kind: 'invalid-body', message: 'Form is not valid UTF-8' },
  ],
  'invalid-range': [{ kind: 'invalid-range', failure: { kind: 'negative-limit' } }],
  'invalid-filters': [{ kind: 'invalid-filters' }],
  'unacceptable-schema': [{ kind: 'unacceptable-schema', schema: 'b', exposed: ['a'] }],
  'media-type': [{ kind: 'media-type', accepted: ['a/b'] }],
  'not-embedded': [{ kind: 'not-embedded', target: 'a', renamed: null }],
  'guc-headers': [{ kind: 'guc-headers' }],
  'guc-status': [{ kind: 'guc-status' }],
  'put-limit': [{ kind: 'put-limit' }],
  'put-matching-pk': [{ kind: 'put-matching-pk' }],
  'not-singular': [{ kind: 'not-singular', rows: 2 }],
  'unsupported-method': [{ kind: 'unsupported-method', method: 'TRACE' }],
  'related-order-not-to-one': [{ kind: 'related-order-not-to-one', origin: 'a', target: 'b' }],
  'raise-unparsable': [{ kind: 'raise-unparsable', part: 'message', text: '' }],
  'invalid-preferences': [{ kind: 'invalid-preferences', preferences: ['a'] }],
  'aggregates-not-allowed': [{ kind: 'aggregates-not-allowed' }],
  'max-affected': [{ kind: 'max-affected', rows: 2 }],
  'invalid-path': [{ kind: 'invalid-path' }],
  'openapi-disabled': [{ kind: 'openapi-disabled' }],
  'not-implemented': [{ kind: 'not-implemented', feature: 'a', engine: null }],
  'max-affected-rpc': [{ kind: 'max-affected-rpc' }],
  'too-complex': [{ kind: 'too-complex', details: 'a' }],
  'relationship-not-found': [
    {
      kind: 'relationship-not-found',
      origin: 'a',
      target: 'b',
      hint: null,
      schema: 'api',
      suggestion: null,
    },
  ],
  'ambiguous-relationship': [
    { kind: 'ambiguous-relationship', origin: 'a', target: 'b', choices: [] },
  ],
  'function-not-found': [
    { ...noFunction, argumentNames: ['a'] },
    { ...noFunction, argumentNames: [] },
    { ...noFunction, argumentNames: [], contentType: 'text/plain' },
  ],
  'ambiguous-function': [{ kind: 'ambiguous-function', signatures: ['f(a => int)'] }],
  'column-not-found': [{ kind: 'column-not-found', relation: 'a', column: 'b' }],
  'relation-not-found': [
    { kind: 'relation-not-found', schema: 'api', relation: 'a', suggestion: null },
  ],
  internal: [{ kind: 'internal' }],
  'malformed-request': [{ kind: 'malformed-request', details: 'a' }],
  'request-timeout': [{ kind: 'request-timeout' }],
  'precondition-failed': [{ kind: 'precondition-failed' }],
  'rate-limited': [{ kind: 'rate-limited', retryInMs: 1, burst: 1, rps: 1 }],
  'body-too-large': [{ kind: 'body-too-large', limitBytes: 1 }],
  'target-too-long': [{ kind: 'target-too-long', limitBytes: 1 }],
  'headers-too-large': [{ kind: 'headers-too-large', limitBytes: 1 }],
  'reload-failed': [{ kind: 'reload-failed', details: 'a' }],
  'cross-origin': [{ kind: 'cross-origin' }],
  'admin-token-required': [{ kind: 'admin-token-required' }],
  'foreign-host': [{ kind: 'foreign-host' }],
  'too-many-watchers': [{ kind: 'too-many-watchers', limit: 32 }],
}

const failures: readonly JwtFailure[] = [
  { kind: 'secret-missing' },
  { kind: 'token-required' },
  { kind: 'undecodable', message: 'No suitable key or wrong key type', details: null },
  { kind: 'undecodable', message: 'JWT cryptographic operation failed', details: null },
  { kind: 'undecodable', message: 'Expected 3 parts in JWT; got 1', details: null },
  {
    kind: 'undecodable',
    message: 'Empty JWT is sent in Authorization header',
    details: null,
  },
  { kind: 'claims', message: 'JWT expired' },
  { kind: 'claims', message: 'JWT not yet valid' },
  { kind: 'claims', message: 'JWT issued at future' },
  { kind: 'claims', message: 'JWT not in audience' },
  { kind: 'claims', message: "The JWT 'exp' claim must be a number" },
  { kind: 'claims', message: 'Parsing claims failed' },
]

const errors: readonly ApiError[] = [
  ...Object.values(examples).flat(),
  ...failures.map((failure): ApiError => ({ kind: 'jwt', failure })),
]

interface Body {
  readonly code: string
  readonly message: string
}

const answered = errors.map((error) => {
  const { status, body } = renderError(error, 'verbose')
  // made by renderError, whose own tests hold its shape
  return { status, ...(JSON.parse(body) as Body) }
})

/** `The '…' claim` → what matches it as a whole. */
function matcher(message: string): RegExp {
  const parts = message.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.+')}$`)
}

describe('docs/errors.md', () => {
  test('has every code that is answered as a heading, once, and no other', () => {
    const codes = [...Object.values(errorCodes), ...Object.values(jwtCodes)].map(({ code }) => code)
    expect(page.match(/^### PGRST\w+$/gm)?.sort()).toEqual(
      codes.map((code) => `### ${code}`).sort(),
    )
    expect(entries).toHaveLength(codes.length)
  })

  test.each(answered)('tells status and words of $code $message', ({ code, status, message }) => {
    const entry = entries.find((candidate) => candidate.code === code)
    expect(entry?.status).toBe(status)
    expect(entry?.messages.filter((text) => matcher(text).test(message))).not.toEqual([])
  })

  test.each(entries)('has no words of $code that are never said', ({ code, messages }) => {
    const said = answered.filter((answer) => answer.code === code).map(({ message }) => message)
    const unsaid = messages.filter((text) => !said.some((message) => matcher(text).test(message)))
    expect(unsaid).toEqual([])
  })

  test('lists the codes that are no longer sent', () => {
    const section = /^## Codes that are no longer sent\n\n([\s\S]*?)\n\n/m.exec(page)?.[1] ?? ''
    expect(section.match(/PGRST\d+/g)).toEqual([...retiredCodes])
  })

  const rows = [...page.matchAll(/^\| ((?:`\w{5}`(?:, )?)+) \| ([^|]+) \|/gm)].flatMap(
    ([, codes = '', status = '']) =>
      (codes.match(/\w{5}/g) ?? []).map((code) => ({ code, status: status.match(/\d{3}/g) ?? [] })),
  )

  test.each(rows)('tells the statuses of SQLSTATE $code', ({ code, status }) => {
    const words = {
      '21000': ['a row twice', 'UPDATE requires a WHERE clause'],
      '22023': ['role "a" does not exist', 'a wrong value'],
    } as const satisfies Record<string, readonly string[]>
    const messages = Object.entries(words).find(([state]) => state === code)?.[1] ?? ['']
    const failure = { sqlState: code, details: null, hint: null }
    const statuses = messages.flatMap((message) =>
      [true, false].flatMap((authenticated) => [
        sqlStateStatus(code, message, authenticated),
        ...(code === '55P03' || code.startsWith('54')
          ? [
              renderError(
                {
                  kind: 'database',
                  failure: { ...failure, message },
                  authenticated,
                  ...(code === '55P03' ? { isPassing: true } : { isTooComplex: true }),
                },
                'verbose',
              ).status,
            ]
          : []),
      ]),
    )
    expect([...new Set(status)].sort()).toEqual([...new Set(statuses.map(String))].sort())
  })

  test('tells what classes of SQLSTATEs are answered with', () => {
    const text = /^Of codes that are not listed[\s\S]*?\n\n/m.exec(page)?.[0] ?? ''
    const groups = [...text.matchAll(/((?:`\w\w`(?:, | and )?)+) (?:are )?(\d{3})/g)]
    const told = groups.flatMap(([, classes = '', status = '']) =>
      (classes.match(/\b\w\w\b(?=`)/g) ?? []).map((name) => [name, Number(status)] as const),
    )
    expect(told.length).toBeGreaterThan(15)
    for (const [name, status] of told)
      expect(sqlStateStatus(`${name}zzz`, '', true), name).toBe(status)
    expect(sqlStateStatus('99zzz', '', true)).toBe(400)
  })
})
