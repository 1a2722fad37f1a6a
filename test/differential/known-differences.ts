/**
 * What may differ between the engines, each with its reason. Everything else that differs is a fault.
 */
import type { Answer } from './compare-answers.ts'
import type { Read } from './generate-read.ts'

export interface KnownDifference {
  readonly name: string
  readonly reason: string
  /** Whether it is what explains these two answers. */
  readonly explains: (read: Read, postgres: Answer, sqlite: Answer) => boolean
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    name: 'one of several mistakes',
    reason: 'of several mistakes one is told, and the engines look for them in another order',
    explains: ({ method }, postgres, sqlite) =>
      (isMistake(postgres) && isMistake(sqlite)) ||
      (method === 'HEAD' && postgres.status >= 400 && sqlite.status >= 400),
  },
  {
    name: 'letters beyond ASCII',
    reason: 'the cluster of the tests has the locale C, in which they have no other case',
    explains: ({ target }) => /i(?:like|match)[^&]*[^\x20-\x7e]/.test(decodeURIComponent(target)),
  },
  {
    name: 'rows that are not shown',
    reason:
      'which values of rows outside of the window are made, and so can fail, is up to the engine',
    explains: ({ target, headers }, postgres, sqlite) =>
      (failsInRow(postgres) || failsInRow(sqlite)) &&
      (/(?:offset|limit)=/.test(target) || headers['Range'] !== undefined),
  },
  {
    name: 'patterns on bytes',
    reason: 'PostgreSQL has them for bytea too, in bytes; on SQLite they are for text',
    explains: (_, __, sqlite) => sqlite.message === 'operator does not exist: bytea ~~ unknown',
  },
  {
    name: 'a body that is not sent',
    reason:
      'to answer HEAD SQLite counts rows and makes none, so what would fail in them is not told',
    explains: ({ method }, postgres, sqlite) =>
      method === 'HEAD' && postgres.status === 400 && sqlite.status < 300,
  },
  {
    name: 'sums beyond 64 bits',
    reason: 'SQLite has no numbers of any size; it refuses by name',
    explains: (_, postgres, sqlite) =>
      postgres.status === 200 && sqlite.message === 'bigint out of range',
  },
  {
    name: 'places in a scalar',
    reason: 'to jsonb a scalar at the top is an array of one; to SQLite nothing is inside it',
    explains: ({ target }) => /(?:meta->{1,2}-?[0-9]|meta-%3E)/.test(decodeURIComponent(target)),
  },
  {
    name: 'empty lists',
    reason: 'arrays of PostgreSQL are JSON arrays in SQLite, so `{}` is an empty list to them',
    explains: ({ target }) =>
      /\.c[sd]\."?\{\}/.test(decodeURIComponent(target)) ||
      /=(?:not\.)?c[sd]\.\{\}/.test(decodeURIComponent(target)),
  },
  {
    name: 'sums of times',
    reason: 'to PostgreSQL the sum of times is an interval, which SQLite does not have',
    explains: (_, __, { code, details }) => code === 'PGRST127' && / of times/.test(details ?? ''),
  },
  {
    name: 'spellings of dates',
    reason: 'only PostgreSQL reads dates in other forms than ISO 8601; SQLite refuses by name',
    explains: (_, __, { code, details }) =>
      code === 'PGRST127' && details?.includes('ISO 8601') === true,
  },
]

/** Of the client: a name, a type or a value. */
function isMistake({ status, code }: Answer): boolean {
  return status >= 400 && status < 500 && /^(?:22|42)/.test(code ?? '')
}

/** A value that could not be cast. */
function failsInRow({ code }: Answer): boolean {
  return code?.startsWith('22') === true
}
