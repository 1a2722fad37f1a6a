/**
 * Where `db-uri` leads on SQLite: a path, relative to the working directory, or a URI with the
 * scheme `file:`, or `sqlite:` and `sqlite3:` as dbmate, SQLAlchemy and Rails write them. The file
 * is never created, whatever the URI allows; databases in memory would be another one in each
 * process, so they are refused. A parameter of the URI is honoured or refused, never passed over. No
 * message quotes the URI, which could be one of another database with a password in it.
 *
 * Rule  SQLite manual: Uniform Resource Identifiers
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { err, ok, type Result } from '../../../core/result.ts'

export interface SqliteLocation {
  readonly path: string
  /** Nothing is to be written. */
  readonly isReadOnly: boolean
  /** Nobody changes the file, says who wrote the URI: it needs no locks and no files beside it. */
  readonly isImmutable: boolean
}

/**
 * `exists` tells apart what tools write differently: `sqlite:///films.db` is a relative path to
 * SQLAlchemy and an absolute one to dbmate and Rails. The reading with a file behind it counts.
 *
 * Shape   `films.db`, `file:films.db?mode=ro`, `sqlite:films.db` → with the path `/here/films.db`
 * Errors  the reason in words
 */
export function locateDatabase(
  uri: string,
  exists: (path: string) => boolean = existsSync,
): Result<SqliteLocation, string> {
  const text = uri.trim()
  if (text === '' || text === ':memory:') return err(memoryRefused)
  if (/^file:/i.test(text)) return locateUri(text.slice('file:'.length), readFilePath)
  const scheme = /^sqlite3?:/i.exec(text)?.[0]
  if (scheme !== undefined) {
    return locateUri(text.slice(scheme.length), (path) => ok(readSqlitePath(path, exists)))
  }
  if (/^[^/]*:\/\//.test(text)) return err('db-uri is not set to a SQLite file')
  return ok({ path: resolve(text), isReadOnly: false, isImmutable: false })
}

const memoryRefused =
  'SQLite databases in memory cannot be served, since every process would have its own: db-uri must name a file'

type ReadPath = (decoded: string) => Result<string, string>

function locateUri(text: string, readPath: ReadPath): Result<SqliteLocation, string> {
  const [, encodedPath = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(text) ?? []
  const decoded = decode(encodedPath)
  if (decoded === null) return err('the URI in db-uri is not well encoded')
  const path = readPath(decoded)
  if (!path.ok) return path
  const parameters = new URLSearchParams(query)
  const isInMemory = /^\/*(?::memory:)?$/.test(path.value) || parameters.get('mode') === 'memory'
  if (isInMemory) return err(memoryRefused)
  const refused = refusal(parameters)
  if (refused !== null) return err(refused)
  const isImmutable = isOn(parameters, 'immutable')
  const isReadOnly = isImmutable || parameters.getAll('mode').includes('ro')
  return ok({ path: resolve(path.value), isReadOnly, isImmutable })
}

/**
 * What each parameter may say. With one connection a process it is all one whether caches are
 * shared, and `rwc` asks for no more than `rw` of a file that has to be there.
 */
const understood: ReadonlyMap<string, RegExp> = new Map([
  ['mode', /^(?:ro|rw|rwc)$/],
  ['cache', /^(?:shared|private)$/],
  ['immutable', /^(?:1|yes|true|on|0|no|false|off)$/i],
  // switched off alone, as it is anyway
  ['nolock', /^(?:0|no|false|off)$/i],
])

/** SQLite knows them, and its driver cannot be told. */
const unsupported = ['vfs', 'nolock', 'psow', 'modeof']

/** Other names are not quoted: they could be anything. */
function refusal(parameters: URLSearchParams): string | null {
  for (const [name, value] of parameters) {
    const values = understood.get(name)
    if (values?.test(value) === true) continue
    if (unsupported.includes(name)) return `${name} in the URI of db-uri is not supported`
    return values === undefined
      ? 'the URI in db-uri has a parameter that SQLite does not know: mode, cache and immutable are supported'
      : `${name} in the URI of db-uri has a value that SQLite does not know`
  }
  return null
}

function isOn(parameters: URLSearchParams, name: string): boolean {
  return /^(?:1|yes|true|on)$/i.test(parameters.get(name) ?? '')
}

/** Behind `file:`, two slashes begin a host, which can only be this one. */
function readFilePath(path: string): Result<string, string> {
  const [, host = '', rest = ''] = /^\/\/([^/]*)(.*)$/s.exec(path) ?? ['', '', path]
  return host === '' || host === 'localhost'
    ? ok(rest)
    : err('the file: URI in db-uri names another host')
}

/** Behind `sqlite:`, some slashes are the path's and some the tool's. */
function readSqlitePath(path: string, exists: (path: string) => boolean): string {
  const slashes = /^\/*/.exec(path)?.[0].length ?? 0
  const name = path.slice(slashes)
  if (slashes === 0) return name
  if (slashes === 1 || slashes > 3) return `/${name}`
  const [first, second] = slashes === 2 ? [name, `/${name}`] : [`/${name}`, name]
  return !exists(first) && exists(second) ? second : first
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
