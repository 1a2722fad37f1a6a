/**
 * Goes over the header lines once and picks those that steer a request. The rest only travels on
 * to the database as `request.headers` and `request.cookies`.
 */
import { decodeHeader } from './query-string.ts'

export interface RequestHeaders {
  /** Without `cookie`, in order of appearance, repeated ones joined. */
  readonly all: readonly (readonly [string, string])[]
  readonly cookies: readonly (readonly [string, string])[]
  readonly prefer: readonly string[]
  // Of these the first line counts.
  readonly accept: string | undefined
  readonly contentType: string | undefined
  readonly range: string | undefined
  readonly acceptProfile: string | undefined
  readonly contentProfile: string | undefined
}

/** `a=1; b=2`: a part without an equals sign is a name with an empty value. */
function parseCookies(header: string): readonly (readonly [string, string])[] {
  if (header === '') return []
  return header
    .replace(/;$/, '')
    .split(';')
    .map((part): readonly [string, string] => {
      const equals = part.indexOf('=')
      const name = equals < 0 ? part : part.slice(0, equals)
      return [name.replace(/^ +/, ''), equals < 0 ? '' : part.slice(equals + 1)]
    })
}

/**
 * `lines`: names in lower case, values as Node hands them over, one unit per byte.
 */
export function readHeaders(lines: readonly (readonly [string, string])[]): RequestHeaders {
  const all = new Map<string, [string, string]>()
  const prefer: string[] = []
  let cookies: RequestHeaders['cookies'] | undefined
  let accept: string | undefined
  let contentType: string | undefined
  let range: string | undefined
  let acceptProfile: string | undefined
  let contentProfile: string | undefined
  for (const [name, raw] of lines) {
    const value = decodeHeader(raw)
    switch (name) {
      case 'cookie':
        cookies ??= parseCookies(value)
        continue
      case 'prefer':
        prefer.push(value)
        break
      case 'accept':
        accept ??= value
        break
      case 'content-type':
        contentType ??= value
        break
      case 'range':
        range ??= value
        break
      case 'accept-profile':
        acceptProfile ??= value
        break
      case 'content-profile':
        contentProfile ??= value
        break
    }
    const earlier = all.get(name)
    if (earlier === undefined) all.set(name, [name, value])
    else earlier[1] += `, ${value}`
  }
  return {
    all: [...all.values()],
    cookies: cookies ?? [],
    prefer,
    accept,
    contentType,
    range,
    acceptProfile,
    contentProfile,
  }
}
