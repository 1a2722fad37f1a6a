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
  readonly accept?: string
  readonly contentType?: string
  readonly range?: string
  readonly acceptProfile?: string
  readonly contentProfile?: string
}

type Picked = Pick<
  RequestHeaders,
  'accept' | 'contentType' | 'range' | 'acceptProfile' | 'contentProfile'
>

const pickedNames: ReadonlyMap<string, keyof Picked> = new Map<string, keyof Picked>([
  ['accept', 'accept'],
  ['content-type', 'contentType'],
  ['range', 'range'],
  ['accept-profile', 'acceptProfile'],
  ['content-profile', 'contentProfile'],
])

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
  const picked: { -readonly [K in keyof Picked]: Picked[K] } = {}
  const all = new Map<string, [string, string]>()
  const prefer: string[] = []
  let cookies: readonly (readonly [string, string])[] | undefined
  for (const [name, raw] of lines) {
    const value = decodeHeader(raw)
    if (name === 'cookie') {
      cookies ??= parseCookies(value)
      continue
    }
    const pick = pickedNames.get(name)
    if (pick !== undefined) picked[pick] ??= value
    else if (name === 'prefer') prefer.push(value)
    const earlier = all.get(name)
    if (earlier === undefined) all.set(name, [name, value])
    else earlier[1] += `, ${value}`
  }
  return { ...picked, all: [...all.values()], cookies: cookies ?? [], prefer }
}
