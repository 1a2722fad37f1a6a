/**
 * Where `db-uri` leads on SQLite: a path, relative to the working directory, or a `file:` URI. The
 * file is never created and readers never write it; databases in memory would be another one in
 * each process, so they are refused.
 */
import { resolve } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFile } from './sqlite-messages.ts'

/** Parameters of a URI that mean the same to a reader; `mode` is ours, `cache` is not compiled in. */
const keptParameters = ['immutable', 'nolock', 'psow', 'vfs']

/**
 * Shape   `films.db` → `/here/films.db`; `file:films.db?immutable=1` → `file:///here/films.db?immutable=1`
 * Errors  the reason in words
 */
export function locateDatabase(uri: string): Result<DatabaseFile, string> {
  const text = uri.trim()
  if (text === '' || text === ':memory:') return err(memoryRefused)
  return text.startsWith('file:') ? locateUri(text) : ok(plainFile(text))
}

const memoryRefused =
  'SQLite databases in memory cannot be served, since every process would have its own: db-uri must name a file'

function plainFile(path: string): DatabaseFile {
  const absolute = resolve(path)
  return { path: absolute, name: absolute }
}

function locateUri(text: string): Result<DatabaseFile, string> {
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
  const kept = keptParameters.flatMap((name) => {
    const value = parameters.get(name)
    return value === null ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  const file = plainFile(path)
  if (kept.length === 0) return ok(file)
  const encoded = file.path.split('/').map(encodeURIComponent).join('/')
  return ok({ path: file.path, name: `file://${encoded}?${kept.join('&')}` })
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
