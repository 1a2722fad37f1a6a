/**
 * Where `db-uri` leads on SQLite: a path, relative to the working directory, or a URI with the
 * scheme `file:`, or `sqlite:` and `sqlite3:` as dbmate, SQLAlchemy and Rails write them. The file
 * is never created, and readers never write it, whatever the URI allows; databases in memory would
 * be another one in each process, so they are refused. No message quotes the URI, which could be
 * one of another database with a password in it.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { err, ok, type Result } from '../../../core/result.ts'

/** Parameters of a URI that the driver cannot be told, and that change which bytes are read. */
const refusedParameters = ['vfs', 'nolock']

/**
 * `exists` tells apart what tools write differently: `sqlite:///films.db` is a relative path to
 * SQLAlchemy and an absolute one to dbmate and Rails. The reading with a file behind it counts.
 *
 * Shape   `films.db`, `file:films.db?mode=ro`, `sqlite:films.db` → `/here/films.db`
 * Errors  the reason in words
 */
export function locateDatabase(
  uri: string,
  exists: (path: string) => boolean = existsSync,
): Result<string, string> {
  const text = uri.trim()
  if (text === '' || text === ':memory:') return err(memoryRefused)
  if (/^file:/i.test(text)) return locateUri(text.slice('file:'.length), readFilePath)
  const scheme = /^sqlite3?:/i.exec(text)?.[0]
  if (scheme !== undefined) {
    return locateUri(text.slice(scheme.length), (path) => ok(readSqlitePath(path, exists)))
  }
  if (/^[^/]*:\/\//.test(text)) return err('db-uri is not set to a SQLite file')
  return ok(resolve(text))
}

const memoryRefused =
  'SQLite databases in memory cannot be served, since every process would have its own: db-uri must name a file'

type ReadPath = (decoded: string) => Result<string, string>

function locateUri(text: string, readPath: ReadPath): Result<string, string> {
  const [, encodedPath = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(text) ?? []
  const decoded = decode(encodedPath)
  if (decoded === null) return err('the URI in db-uri is not well encoded')
  const path = readPath(decoded)
  if (!path.ok) return path
  const parameters = new URLSearchParams(query)
  const isInMemory = /^\/*(?::memory:)?$/.test(path.value) || parameters.get('mode') === 'memory'
  if (isInMemory) return err(memoryRefused)
  const refused = refusedParameters.find((name) => parameters.has(name))
  if (refused !== undefined) return err(`${refused} in the URI of db-uri is not supported`)
  return ok(resolve(path.value))
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
