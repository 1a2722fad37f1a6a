/**
 * The text of `db-uri`, a URI or libpq's `keyword = value` form, as parameters by name. Syntax
 * only: what is missing is completed, and what the values mean is decided, by
 * `parse-connection.ts`.
 *
 * Rule    PostgreSQL manual: libpq, Connection Strings
 */
import { err, ok, type Result } from '../../../core/result.ts'
import { connectionKeywords } from './connection-keywords.ts'

export type Conninfo = ReadonlyMap<string, string>

/**
 * Shape   "postgresql://u:p@h1:1,h2/db?sslmode=require" → user, password, host "h1,h2", port "1,",
 *         dbname, sslmode · "host='/tmp' user=u" → host, user · "" → none
 * Errors  what is wrong, in libpq's words
 */
export function parseConninfo(text: string): Result<Conninfo, string> {
  const scheme = /^postgres(?:ql)?:\/\//.exec(text)
  return scheme === null ? parsePairs(text) : parseUri(text.slice(scheme[0].length))
}

function parseUri(text: string): Result<Conninfo, string> {
  const info = new Map<string, string>()
  // a password may hold an unescaped question mark
  const login = /^([^@/]*)@/.exec(text)
  if (login !== null) {
    const [user, password] = cut(login[1] ?? '', ':')
    if (user !== '') info.set('user', user)
    if (password !== undefined && password !== '') info.set('password', password)
  }
  const [beforeQuery, query] = cut(text.slice(login?.[0].length ?? 0), '?')
  const [authority, path] = cut(beforeQuery, '/')
  const hosts: string[] = []
  const ports: string[] = []
  for (const place of authority.split(',')) {
    const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(place)
    if (parts === null) return err(`invalid host in connection URI: "${place}"\n`)
    hosts.push((parts[1] ?? '').replace(/^\[|\]$/g, ''))
    ports.push(parts[2] ?? '')
  }
  if (hosts.some((host) => host !== '')) info.set('host', hosts.join())
  if (ports.some((port) => port !== '')) info.set('port', ports.join())
  if (path !== undefined && path !== '') info.set('dbname', path)
  const decoded = decodeAll(info)
  if (!decoded.ok) return decoded
  return query === undefined || query === '' ? decoded : withQuery(decoded.value, query)
}

function decodeAll(info: Conninfo): Result<Conninfo, string> {
  const decoded = new Map<string, string>()
  for (const [keyword, value] of info) {
    const text = percentDecode(value)
    if (text === null) return err(`invalid percent-encoded token: "${value}"\n`)
    decoded.set(keyword, text)
  }
  return ok(decoded)
}

function withQuery(base: Conninfo, query: string): Result<Conninfo, string> {
  const info = new Map(base)
  for (const pair of query.split('&')) {
    const [name, text] = cut(pair, '=')
    if (text === undefined) {
      return err(`missing key/value separator "=" in URI query parameter: "${pair}"\n`)
    }
    const value = percentDecode(text)
    if (value === null) return err(`invalid percent-encoded token: "${text}"\n`)
    // what JDBC calls it
    const [keyword, meaning] =
      name === 'ssl' && value === 'true' ? ['sslmode', 'require'] : [name, value]
    if (!connectionKeywords.has(keyword)) return err(`invalid URI query parameter: "${name}"\n`)
    info.set(keyword, meaning)
  }
  return ok(info)
}

function percentDecode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function parsePairs(text: string): Result<Conninfo, string> {
  const info = new Map<string, string>()
  const pair =
    /\s*([^\s=]+)\s*(=?)\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*)?)/suy
  let at = 0
  while (text.slice(at).trim() !== '') {
    pair.lastIndex = at
    const found = pair.exec(text)
    const keyword = found?.[1]
    if (found === null || keyword === undefined || found[2] === '') {
      return err(
        `missing "=" after "${(keyword ?? text.slice(at)).trim()}" in connection info string\n`,
      )
    }
    if (!connectionKeywords.has(keyword)) return err(`invalid connection option "${keyword}"\n`)
    if (found[3] === undefined && text[pair.lastIndex] === "'") {
      return err('unterminated quoted string in connection info string\n')
    }
    info.set(keyword, (found[3] ?? found[4] ?? '').replace(/\\(.)/gsu, '$1'))
    at = pair.lastIndex
  }
  return ok(info)
}

/** The text before the first separator, and that behind it; undefined where there is none. */
function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}
