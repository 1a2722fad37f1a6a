/**
 * What may differ between the engines, each with its reason. Everything else that differs is a fault.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Answer, comparable, csvValues, withoutScale } from './compare-answers.ts'
import type { Asked } from './generate-read.ts'

export interface KnownDifference {
  readonly name: string
  readonly reason: string
  /** Words of docs/compatibility.md or docs/sqlite.md that say so. */
  readonly documented: string
  /** It is about which rows are found, and so about which are written. */
  readonly isOfRows?: boolean
  /** Whether it is what explains these two answers. */
  readonly explains: (asked: Asked, postgres: Answer, sqlite: Answer) => boolean
}

/** What follows from how both of the other engines go about it. */
export const sharedDifferences: readonly KnownDifference[] = [
  {
    name: 'one of several mistakes',
    documented: 'Of several mistakes in a request the one that is told',
    reason: 'of several mistakes one is told, and the engines look for them in another order',
    explains: ({ method }, postgres, sqlite) =>
      (isMistake(postgres) && isMistake(sqlite)) ||
      (method === 'HEAD' && postgres.status >= 400 && sqlite.status >= 400),
  },
  {
    name: 'values of a row that is named otherwise',
    documented: 'Of several mistakes in a request the one that is told',
    reason: 'the others read all values of the row before its key is held against the URL',
    explains: ({ method }, postgres, { code }) =>
      method === 'PUT' && postgres.code === 'PGRST115' && code?.startsWith('22') === true,
  },
  {
    name: 'letters beyond ASCII',
    isOfRows: true,
    documented: 'know the case of all letters, whatever the locale',
    reason: 'the cluster of the tests has the locale C, in which they have no other case',
    explains: ({ target }) => /i(?:like|match)[^&]*[^\x20-\x7e]/.test(decodeURIComponent(target)),
  },
  {
    name: 'rows that are not shown',
    documented: 'What would fail in a row outside of the window',
    reason:
      'which values of rows outside of the window are made, and so can fail, is up to the engine',
    explains: ({ target, headers }, postgres, sqlite) =>
      (failsInRow(postgres) || failsInRow(sqlite)) &&
      (/(?:offset|limit)=/.test(target) || headers['Range'] !== undefined),
  },
  {
    name: 'rows that an embed hides',
    documented: 'in one that an `!inner` embed hides',
    reason: 'as above: rows that one embed hides may or may not be shown by another before that',
    explains: ({ target }, postgres, sqlite) =>
      target.includes('!inner') &&
      ((failsInRow(postgres) && showsNothing(sqlite)) ||
        (failsInRow(sqlite) && showsNothing(postgres))),
  },
  {
    name: 'a body that is not sent',
    documented: 'in the body that `HEAD` does not send',
    reason:
      'to answer HEAD rows are counted and none is made, so what would fail in them is not told',
    explains: ({ method }, postgres, sqlite) =>
      method === 'HEAD' && isMistake(postgres) && sqlite.status < 300,
  },
  {
    name: 'places in a scalar',
    documented: 'a number as a place finds nothing in a scalar',
    reason: 'to jsonb a scalar at the top is an array of one; to SQLite nothing is inside it',
    explains: ({ target }) => /meta->{1,2}-?[0-9]/.test(decodeURIComponent(target)),
  },
  {
    name: 'rows that places in a scalar find',
    isOfRows: true,
    documented: 'a number as a place finds nothing in a scalar',
    reason: 'as above, where what is written is sought by it',
    explains: ({ target }) => /[?&]meta->{1,2}-?[0-9][^=&]*=/.test(decodeURIComponent(target)),
  },
  {
    name: 'sums of times',
    documented: 'a sum or an average of times',
    reason: 'to PostgreSQL the sum of times is an interval, which SQLite does not have',
    explains: (_, __, { code, details }) => code === 'PGRST127' && / of times/.test(details ?? ''),
  },
  {
    name: 'values of rows that are not there',
    documented: 'What a `PATCH` sets is read before rows are sought',
    reason: 'what an update sets is read before rows are sought, and refused where there are none',
    explains: ({ method }, postgres, sqlite) =>
      method === 'PATCH' && !isFailure(postgres) && sqlite.code?.startsWith('22') === true,
  },
  {
    name: 'names of what was written, in CSV',
    documented: 'In CSV, what was written stands below the names that `select` gives it',
    reason:
      'PostgREST puts the names of returned columns above the values that select asks for; the others have those of select',
    explains: ({ method }, postgres, sqlite) =>
      method !== 'GET' &&
      postgres.type?.startsWith('text/csv') === true &&
      postgres.status === sqlite.status &&
      isDeepStrictEqual(csvValues(postgres), csvValues(sqlite)),
  },
  {
    name: 'columns of a spread under one name',
    documented: 'Two columns of a spread under one name',
    reason: 'PostgreSQL has a query around the spread that names them; the others have none',
    explains: ({ target }, postgres, sqlite) =>
      target.includes('...') && postgres.code === '42702' && sqlite.status < 300,
  },
  {
    name: 'a spread’s null under the name of a column',
    documented: '`nulls=stripped` leaves the column, which PostgreSQL drops',
    reason: 'an embedded object is jsonb there, in which the last member of a name counts',
    explains: ({ target, headers }, postgres, sqlite) =>
      target.includes('...') &&
      headers['Accept']?.includes('nulls=stripped') === true &&
      postgres.status === sqlite.status &&
      isPartOf(postgres.body, sqlite.body),
  },
  {
    name: 'new rows that are not shown',
    documented: 'An upsert whose new rows an `!inner` embed hides is `201`',
    reason:
      'PostgreSQL may read how many rows were new before it has written any, if it shows none',
    explains: ({ target }, postgres, sqlite) =>
      target.includes('!inner') &&
      postgres.status === 200 &&
      sqlite.status === 201 &&
      (isDeepStrictEqual(postgres.body, []) || postgres.body === '') &&
      isDeepStrictEqual(comparable({ ...postgres, status: 201 }), comparable(sqlite)),
  },
  {
    name: 'embeds of the written relation',
    documented: 'an embed of the relation that is written has its rows as they are afterwards',
    reason:
      'PostgreSQL makes what a write shows from the state before it, all but the written rows themselves',
    explains: ({ method, target }, postgres, sqlite) =>
      method !== 'GET' &&
      embedsItself(target) &&
      isDeepStrictEqual(plainMembers(postgres), plainMembers(sqlite)),
  },
  {
    name: 'integers of bytes',
    documented: 'and so are casts of bytes to integers',
    reason: 'PostgreSQL 18 casts bytea to integers',
    explains: (_, __, { message }) => message?.startsWith('cannot cast type bytea to ') === true,
  },
  {
    name: 'casts beside constraints',
    documented: 'a cast in `select` that would fail is not reached',
    reason: 'the others show rows when all are written; PostgreSQL casts each when it is',
    explains: ({ method, target }, postgres, sqlite) =>
      method !== 'GET' &&
      target.includes('::') &&
      isMistake(postgres) &&
      /^2[13]/.test(sqlite.code ?? ''),
  },
]

/** Whether the relation of the path is also named in what is selected, or an author's mentor is. */
function embedsItself(target: string): boolean {
  const [path = '', query = ''] = decodeURIComponent(target).split('?')
  const select = /(?:^|&)select=([^&]*)/.exec(query)?.[1] ?? ''
  const relation = path.slice(1)
  return select.includes(`${relation}(`) || (relation === 'authors' && select.includes('mentor'))
}

/** The rows without what is nested in them. Names above CSV are left out: they differ for a reason of their own. */
function plainMembers(answer: Answer): unknown {
  const isCsv = answer.type?.startsWith('text/csv') === true
  const rows = [isCsv ? csvValues(answer) : answer.body].flat()
  const isPlain = (value: unknown) => typeof value !== 'object' || value === null
  const body = rows.map((row) => Object.entries(row ?? {}).filter(([, value]) => isPlain(value)))
  return comparable({ ...answer, body })
}

export const sqliteDifferences: readonly KnownDifference[] = [
  ...sharedDifferences,
  {
    name: 'patterns on bytes',
    documented: 'patterns on bytes are refused',
    reason: 'PostgreSQL has them for bytea too, in bytes; on SQLite they are for text',
    explains: (_, __, sqlite) => sqlite.message === 'operator does not exist: bytea ~~ unknown',
  },
  {
    name: 'sums beyond 64 bits',
    documented: 'A sum beyond 64 bits is',
    reason: 'SQLite has no numbers of any size; it refuses by name',
    explains: (_, postgres, sqlite) =>
      postgres.status === 200 && sqlite.message === 'bigint out of range',
  },
  {
    name: 'empty lists',
    documented: 'is an empty list',
    reason: 'arrays of PostgreSQL are JSON arrays in SQLite, so `{}` is an empty list to them',
    explains: ({ target }) =>
      /\.c[sd]\."?\{\}/.test(decodeURIComponent(target)) ||
      /=(?:not\.)?c[sd]\.\{\}/.test(decodeURIComponent(target)),
  },
  {
    name: 'spellings of dates',
    documented: 'what else PostgreSQL reads (`Feb 29 2024`) is `400 PGRST127`',
    reason: 'only PostgreSQL reads dates in other forms than ISO 8601; SQLite refuses by name',
    explains: (_, __, { code, details }) =>
      code === 'PGRST127' && details?.includes('ISO 8601') === true,
  },
  {
    name: 'one of several constraints',
    documented: 'Of several keys that a row breaks, and of several rows',
    reason:
      'of the keys that a write breaks one is told, and of its rows one, which the engine chooses',
    explains: ({ method, body }, postgres, sqlite) =>
      (postgres.code === '21000' && /^23/.test(sqlite.code ?? '')) ||
      (/^23/.test(postgres.code ?? '') &&
        postgres.code === sqlite.code &&
        (/^235?0[35]$/.test(sqlite.code ?? '') || method === 'PATCH' || body === null)),
  },
  {
    name: 'generated columns of a failing row',
    documented: 'Generated columns of a failing row are told as null',
    reason: 'SQLite computes them for rows that are stored only: they are told as null',
    explains: ({ target }, postgres, sqlite) =>
      target.startsWith('/loans') &&
      postgres.message === sqlite.message &&
      cutLast(postgres) === cutLast(sqlite) &&
      sqlite.details?.endsWith(', null).') === true,
  },
  {
    name: 'numbers for nulls',
    documented: 'A null for an `INTEGER PRIMARY KEY`',
    reason:
      'SQLite gives a new number to a row whose rowid is null, and has none for a row that is there',
    explains: ({ method }, postgres, sqlite) =>
      method !== 'GET' &&
      (/^null value in column "id"/.test(postgres.message ?? '') ||
        (method === 'PATCH' && /^null value in column "id"/.test(sqlite.message ?? ''))),
  },
  {
    name: 'integers of 64 bits',
    documented: 'Integers may have 64 bits whatever the column is called',
    reason: 'SQLite has one size of integers, and stores it whatever the column is called',
    explains: ({ method }, { code, message }) =>
      method !== 'GET' && code === '22003' && / type (?:integer|smallint)$/.test(message ?? ''),
  },
  {
    name: 'zeros of a scale',
    documented: 'numbers are stored without the zeros that a declared scale adds',
    reason: 'numbers are stored without the zeros that a declared scale adds, which texts show',
    explains: ({ target }) => /fee::(?:text|varchar)/.test(decodeURIComponent(target)),
  },
  {
    name: 'layout of documents in texts',
    documented: 'a list or an object for a text keeps the form in which it was sent',
    reason: 'with missing=default PostgreSQL takes the payload apart as jsonb',
    explains: ({ headers }, { details }, sqlite) =>
      headers['Prefer']?.includes('missing=default') === true &&
      withoutBlanks(details) === withoutBlanks(sqlite.details),
  },
  {
    name: 'no NaN',
    documented: 'and a NaN is refused',
    reason: 'SQLite has none to store: refused by name',
    explains: (_, __, { code, message }) => code === '0A000' && /NaN/.test(message ?? ''),
  },
]

/** Of the client: a name, a type or a value. */
function isMistake({ status, code }: Answer): boolean {
  return status >= 400 && status < 500 && /^(?:22|42)/.test(code ?? '')
}

/** Whether all is in the other, in the same places; its objects may have more members. */
function isPartOf(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part === whole
  if (typeof whole !== 'object' || whole === null) return false
  if (Array.isArray(part) !== Array.isArray(whole)) return false
  if (Array.isArray(whole) && Array.isArray(part) && part.length !== whole.length) return false
  const members = new Map(Object.entries(whole))
  return Object.entries(part).every(([name, value]) => isPartOf(value, members.get(name)))
}

function showsNothing({ status, body }: Answer): boolean {
  return status < 300 && (isDeepStrictEqual(body, []) || body === '' || body === null)
}

/** A value that could not be cast. */
function failsInRow({ code }: Answer): boolean {
  return code?.startsWith('22') === true
}

/** Of the database: rows that are too few or too many are judged when they were looked for. */
function isFailure({ status, code }: Answer): boolean {
  return status >= 400 && code?.startsWith('PGRST') !== true
}

/** A failing row, whatever blanks are in its documents. */
function withoutBlanks(details: string | undefined): string | undefined {
  return details === undefined ? undefined : withoutScale(details).replaceAll(' ', '')
}

/** All but the last value of a failing row. */
function cutLast({ details }: Answer): string | undefined {
  return details === undefined ? undefined : withoutScale(details).replace(/, [^,]*\)\.$/, '')
}
