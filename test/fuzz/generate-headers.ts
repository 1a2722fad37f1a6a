/**
 * Header lines: media types, preferences, ranges, profiles, tokens, origins and cookies, mostly
 * well formed, repeated and contradicting each other as clients do.
 */
import { nastyText, wordText } from './generate-value.ts'
import type { Random } from './random.ts'

export type HeaderLine = readonly [name: string, value: string]

const mediaTypes = [
  'application/json',
  'application/json',
  'text/csv',
  '*/*',
  'application/vnd.pgrst.object+json;nulls=stripped',
  'application/vnd.pgrst.array+json;nulls=stripped',
  'application/vnd.pgrst.plan',
  'application/vnd.pgrst.plan+json; for="application/json"; options=verbose|settings',
  'application/vnd.pgrst.plan+text; for="text/csv"; options=analyze|buffers|wal',
]

/** Produced for some resources only, or for none. */
const rareMediaTypes = [
  'application/vnd.titles',
  'text/plain',
  'application/geo+json',
  'application/openapi+json',
  'application/octet-stream',
  'text/xml',
]

const preferences = [
  'return=representation',
  'return=representation',
  'return=headers-only',
  'return=minimal',
  'count=exact',
  'count=planned',
  'count=estimated',
  'resolution=merge-duplicates',
  'resolution=ignore-duplicates',
  'missing=default',
  'missing=null',
  'tx=rollback',
  'handling=lenient',
  'max-affected=1000',
  'timezone=Europe/Paris',
]

const rarePreferences = ['handling=strict', 'max-affected=2', 'timezone=nowhere', 'max-affected=x']

/** No header holds these: Node's parser refuses the request, which the target is fuzzed for. */
function printable(text: string): string {
  return (
    Buffer.from(text)
      .toString('latin1')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it removes
      .replace(/[\0-\x08\x0a-\x1f\x7f]/g, '')
      .slice(0, 2000)
  )
}

function accept(random: Random): string {
  return random.oneOf([
    [20, () => random.pick(mediaTypes)],
    [3, () => random.pick(rareMediaTypes)],
    [
      2,
      () =>
        random.times(1, 3, () => `${random.pick(mediaTypes)};q=0.${random.int(0, 9)}`).join(', '),
    ],
    [1, () => nastyText(random)],
    [1, () => `application/json;${wordText(random)}="${nastyText(random)}"`],
  ])
}

function prefer(random: Random): string {
  const wanted = random.times(1, 3, () =>
    random.oneOf([
      [30, () => random.pick(preferences)],
      [1, () => random.pick(rarePreferences)],
      [1, () => nastyText(random)],
    ]),
  )
  return wanted.join(random.pick([', ', ',', ' ,  ']))
}

function range(random: Random): string {
  return random.oneOf([
    [8, () => `${random.int(0, 3)}-${random.int(2, 9)}`],
    [2, () => `${random.int(0, 9)}-`],
    [1, () => random.pick(['5-2', '-5', '0-', '1e3-', '99999999999999999999-', 'items=0-1', '-'])],
    [1, () => nastyText(random)],
  ])
}

export interface HeaderChoices {
  readonly random: Random
  readonly schema: string | null
  readonly isWrite: boolean
  /** `Bearer …` lines, good and bad ones. */
  readonly authorizations: readonly string[]
}

export function headerLines(choices: HeaderChoices): readonly HeaderLine[] {
  const { random, schema, isWrite, authorizations } = choices
  const lines: HeaderLine[] = []
  const add = (probability: number, name: string, value: (random: Random) => string) => {
    if (random.chance(probability)) lines.push([name, printable(value(random))])
  }
  add(0.3, 'Accept', accept)
  add(isWrite ? 0.6 : 0.25, 'Prefer', prefer)
  add(0.1, 'Prefer', prefer)
  // without it the server under test rolls back
  add(isWrite ? 0.15 : 0.02, 'Prefer', () => 'tx=commit')
  add(isWrite ? 0.03 : 0.15, 'Range', range)
  add(0.05, 'Range-Unit', (r) => r.pick(['items', 'bytes', 'zqmark']))
  if (authorizations.length > 0) add(0.2, 'Authorization', (r) => r.pick(authorizations))
  add(0.03, 'Origin', (r) => r.pick(['http://example.com', 'null', nastyText(r)]))
  add(0.05, 'Cookie', (r) => `${wordText(r)}=${nastyText(r)}; b=2`)
  add(0.05, 'X-Fuzz', nastyText)
  add(0.03, 'User-Agent', nastyText)
  add(0.02, 'If-None-Match', nastyText)
  const profile = isWrite ? 'Content-Profile' : 'Accept-Profile'
  if (schema !== null) lines.push([profile, schema])
  add(0.02, random.pick(['Accept-Profile', 'Content-Profile']), (r) =>
    r.pick(['api', 'extra', 'hidden', 'pg_catalog', nastyText(r)]),
  )
  return lines
}
