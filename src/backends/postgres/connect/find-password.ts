/**
 * libpq's two files beside the connection string: the password file, looked up by where a
 * connection leads, and the service file, a section of parameters by name. Text in, values out;
 * reading the files is the caller's.
 *
 * Rule    PostgreSQL manual: libpq, The Password File; The Connection Service File
 */

/** The password of the first line that fits; null when none does. */
export function findPassword(
  passwordFile: string,
  login: {
    readonly host: string
    readonly port: number
    readonly database: string
    readonly user: string
  },
): string | null {
  const wanted = [login.host, String(login.port), login.database, login.user]
  for (const line of passwordFile.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue
    const fields = [...line.matchAll(/((?:[^:\\]|\\.)*)(?::|$)/gu)].map((field) => field[1] ?? '')
    const fits = wanted.every(
      (value, at) => fields[at] === '*' || withoutEscapes(fields[at]) === value,
    )
    if (fits && fields[4] !== undefined) return withoutEscapes(fields[4]) ?? null
  }
  return null
}

function withoutEscapes(field: string | undefined): string | undefined {
  return field?.replace(/\\(.)/gu, '$1')
}

/** The parameters of section `[name]`; null when there is no such section. */
export function findService(serviceFile: string, name: string): ReadonlyMap<string, string> | null {
  let found: Map<string, string> | null = null
  for (const line of serviceFile.split(/\r?\n/).map((text) => text.trim())) {
    if (line.startsWith('[')) {
      if (found !== null) break
      if (line === `[${name}]`) found = new Map()
    } else if (found !== null && line !== '' && !line.startsWith('#')) {
      const at = line.indexOf('=')
      if (at > 0) found.set(line.slice(0, at).trim(), line.slice(at + 1).trim())
    }
  }
  return found
}
