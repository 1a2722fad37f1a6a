/**
 * The text of `db-uri` or `db-channel-uri`, a URI or libpq's `keyword = value` form, as parameters by name. Syntax
 * only: what is missing is completed, and what the values mean is decided, by
 * `parse-connection.ts`. libpq quotes what it does not understand; nothing here does, since a
 * password that is not escaped ends up in any part of the text.
 *
 * Rule    PostgreSQL manual: libpq, Connection Strings
 */
import { err, ok, type Result } from '../../../core/result.ts'
import { connectionKeywords } from './connection-keywords.ts'

export type Conninfo = ReadonlyMap<string, string>

/**
 * Shape   "postgresql://u:p@h1:1,h2/db?sslmode=require" → user, password, host "h1,h2", port "1,",
 *         dbname, sslmode · "host='/tmp' user=u" → host, user · "" → none
 * Errors  what is wrong with the option of this name, without any part of the text
 */
export function parseConninfo(text: string, option = 'db-uri'): Result<Conninfo, string> {
  const scheme = /^postgres(?:ql)?:\/\//i.exec(text)
  return scheme === null ? parsePairs(text, option) : parseUri(text.slice(scheme[0].length), option)
}

const escaping = 'in user and password "/" is written %2F, "@" %40, ":" %3A and "%" %25'

function parseUri(text: string, option: string): Result<Conninfo, string> {
  const info = new Map<string, string>()
  // a password may hold an unescaped question mark
  const login = /^([^@/]*)@/.exec(text)
  if (login !== null) {
    const [user, password] = cut(login[1] ?? '', ':')
    if (user !== '') info.set('user', user)
    if (password !== undefined && password !== '') info.set('password', password)
  }
  const [beforeQuery, query] = cut(text.slice(login?.[0].length ?? 0), '?')
  // to libpq the rest of such a password is a host or a database, which messages then show
  if (beforeQuery.includes('@')) {
    return err(`${option} has an "@" behind user and password: ${escaping}\n`)
  }
  const [authority, path] = cut(beforeQuery, '/')
  const hosts: string[] = []
  const ports: string[] = []
  for (const place of authority.split(',')) {
    const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(place)
    if (parts === null) return err(`${option} has a host that is not well formed; ${escaping}\n`)
    hosts.push((parts[1] ?? '').replace(/^\[|\]$/g, ''))
    ports.push(parts[2] ?? '')
  }
  if (hosts.some((host) => host !== '')) info.set('host', hosts.join())
  if (ports.some((port) => port !== '')) info.set('port', ports.join())
  if (path !== undefined && path !== '') info.set('dbname', path)
  const decoded = decodeAll(info, option)
  if (!decoded.ok) return decoded
  return query === undefined || query === '' ? decoded : withQuery(decoded.value, query, option)
}

function decodeAll(info: Conninfo, option: string): Result<Conninfo, string> {
  const decoded = new Map<string, string>()
  for (const [keyword, value] of info) {
    const text = percentDecode(value)
    if (text === null) return err(badPercent(keyword, option))
    decoded.set(keyword, text)
  }
  return ok(decoded)
}

function badPercent(keyword: string, option: string): string {
  return `the ${keyword} in ${option} has a "%" that begins no escape of two hexadecimal digits: a "%" is written %25\n`
}

function withQuery(base: Conninfo, query: string, option: string): Result<Conninfo, string> {
  const info = new Map(base)
  for (const [at, pair] of query.split('&').entries()) {
    const [name, text] = cut(pair, '=')
    const label = `query parameter ${at + 1} of ${option}`
    if (text === undefined) return err(`${label} has no "="\n`)
    // what JDBC calls it
    const keyword = name === 'ssl' && text === 'true' ? 'sslmode' : name
    if (!connectionKeywords.has(keyword)) return err(`${label} is none that libpq knows\n`)
    const value = percentDecode(text)
    if (value === null) return err(badPercent(keyword, option))
    info.set(keyword, keyword === name ? value : 'require')
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

function parsePairs(text: string, option: string): Result<Conninfo, string> {
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
        info.size === 0
          ? `${option} is neither a URI such as postgresql://user@host/database nor text such as host=localhost dbname=app\n`
          : `${option} has no "=" behind keyword ${info.size + 1}: a value with blanks stands in single quotes\n`,
      )
    }
    if (!connectionKeywords.has(keyword)) {
      return err(
        `keyword ${info.size + 1} of ${option} is none that libpq knows: a value with blanks stands in single quotes\n`,
      )
    }
    if (found[3] === undefined && text[pair.lastIndex] === "'") {
      return err(`${option} has a quoted value without end\n`)
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
