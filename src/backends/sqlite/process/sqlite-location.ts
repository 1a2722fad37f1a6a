/**
 * Where `db-uri` leads on SQLite: a path, relative to the working directory, or a `file:` URI. The
 * file is never created, and readers never write it, whatever the URI allows. A database in memory
 * is refused, since each process would have another one.
 */
import { resolve } from 'node:path'
import { err, ok, type Result } from '../../../core/result.ts'

/** Parameters of a URI that the driver cannot be told, and that change which bytes are read. */
const refusedParameters = ['vfs', 'nolock']

/**
 * Shape   `films.db` and `file:films.db?mode=ro` → `/here/films.db`
 * Errors  the reason in words
 */
export function locateDatabase(uri: string): Result<string, string> {
  const text = uri.trim()
  if (text === '' || text === ':memory:') return err(memoryRefused)
  return text.startsWith('file:') ? locateUri(text) : ok(resolve(text))
}

const memoryRefused =
  'SQLite databases in memory cannot be served, since every process would have its own: db-uri must name a file'

function locateUri(text: string): Result<string, string> {
  const [, authority = '', encodedPath = '', query = ''] =
    /^file:(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/.exec(text) ?? []
  if (authority !== '' && authority !== 'localhost') {
    return err(`the file: URI in db-uri names another host: ${authority}`)
  }
  const path = decode(encodedPath)
  if (path === null) return err('the file: URI in db-uri is not well encoded')
  const parameters = new URLSearchParams(query)
  if (path === '' || path === ':memory:' || parameters.get('mode') === 'memory') {
    return err(memoryRefused)
  }
  const refused = refusedParameters.find((name) => parameters.has(name))
  if (refused !== undefined) return err(`${refused} in the file: URI of db-uri is not supported`)
  return ok(resolve(path))
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
