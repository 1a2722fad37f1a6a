/**
 * Options as a program gives them that has the API in itself: properties by the names of `Config` →
 * what the option table reads. Types and names come from that table, so that an option is one here
 * as soon as it is one there.
 */
import { createFuzzySet } from '../core/fuzzy-set.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Config, RegistryText } from './config.ts'
import { configString } from './file/config-string.ts'
import type { OptionKey } from './option.ts'
import { type FoundValue, settingPrefix } from './option-sources.ts'
import { optionKeys, options } from './options.ts'
import { registryKeys } from './registry-text.ts'

/** What there is no use for where there are no sockets and no processes of one's own. */
const unusedKeys = [
  'adminServerHost',
  'adminServerPort',
  'adminServerUnixSocket',
  'adminServerUnixSocketMode',
  'serverHost',
  'serverPort',
  'serverReuseport',
  'serverUnixSocket',
  'serverUnixSocketMode',
  'serverWorkers',
] as const satisfies readonly OptionKey[]

type UsedKey = Exclude<OptionKey, (typeof unusedKeys)[number] | `internal${string}`>

/** A registry is its JSON, as text or as the value itself, or `@path` of a file with it. */
type GivenValue<T> = T extends RegistryText ? string | object : T extends Uint8Array ? string : T

/**
 * `dbUri`, `dbSchemas`, `jwtSecret` … mean what `db-uri`, `db-schemas` and `jwt-secret` mean in a
 * configuration file; `undefined` and `null` are as if they were not given.
 */
export type OptionsInCode = {
  readonly [Key in UsedKey]?: GivenValue<Config[Key]> | undefined
} & {
  /** Settings of one's own: `{ tier: 'free' }` is `app.settings.tier`. */
  readonly appSettings?: Readonly<Record<string, string>> | undefined
}

export interface ReadOptions {
  /** By the name of the option. */
  readonly flags: ReadonlyMap<string, FoundValue>
  /** `app.settings.*`, as a configuration file has them. */
  readonly fileText: string
}

const isUnused = (key: OptionKey) => unusedKeys.some((unused) => unused === key)
const usedKeys: readonly OptionKey[] = optionKeys.filter(
  (key) => !isUnused(key) && !options[key].isHidden,
)

/** How alike a name has to be for it to be told: `dbSchema` and `dbSchemas` are. */
const minScore = 0.6

/**
 * Errors  all problems at once: names that are no options, and values of another form than options
 *         have. What a value means is left to the table
 */
export function readOptionsInCode(
  given: Readonly<Record<string, unknown>>,
): Result<ReadOptions, readonly string[]> {
  const flags = new Map<string, FoundValue>()
  const problems: string[] = []
  const { appSettings, ...others } = given
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || value === null) continue
    const key = usedKeys.find((used) => used === name)
    const text = key === undefined ? err(unknownProblem(name)) : textOf(key, value)
    if (key === undefined || !text.ok) problems.push(text.ok ? '' : `${name}: ${text.error}`)
    else flags.set(options[key].name, { value: text.value, place: name })
  }
  const settings = settingsText(appSettings ?? {})
  if (!settings.ok) problems.push(settings.error)
  return problems.length > 0 || !settings.ok
    ? err(problems)
    : ok({ flags, fileText: settings.value })
}

function unknownProblem(name: string): string {
  if (optionKeys.some((key) => key === name && isUnused(key))) {
    return 'is for a server of its own, which there is none of here'
  }
  const meant = createFuzzySet(usedKeys).best(name, minScore)
  return meant === null ? 'is no option' : `is no option: is ${meant} meant?`
}

/** As a configuration file would have it in quotes. */
function textOf(key: OptionKey, value: unknown): Result<string, string> {
  switch (typeof value) {
    case 'string':
      return ok(value)
    case 'number':
    case 'boolean':
      return ok(String(value))
    case 'object':
      return registryKeys.some((registry) => registry === key)
        ? ok(JSON.stringify(value))
        : listText(value)
    default:
      return err(`a ${typeof value} is no value of it`)
  }
}

function listText(members: unknown): Result<string, string> {
  if (!Array.isArray(members)) return err('an object is no value of it')
  const texts = members.filter((member) => typeof member === 'string')
  if (texts.length < members.length) return err('a list has texts as its members')
  const cut = texts.find((text) => text.includes(','))
  return cut === undefined ? ok(texts.join(',')) : err('a member of a list cannot have a comma')
}

function settingsText(settings: unknown): Result<string, string> {
  const problem = 'appSettings: it should be an object of texts'
  if (typeof settings !== 'object' || settings === null) return err(problem)
  const lines: string[] = []
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value !== 'string') return err(problem)
    if (!/^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u.test(name)) {
      return err(`appSettings: ${JSON.stringify(name)} is no name of letters, digits, _ and -`)
    }
    lines.push(`${settingPrefix}${name} = ${configString(value, true)}\n`)
  }
  return ok(lines.join(''))
}
