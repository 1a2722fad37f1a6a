/**
 * Configuration file, environment and in-database settings → one frozen `Config`, or every problem
 * there is. Pure but for the `@file` values, which it reads through the function given. Telling which
 * changes may take effect while serving is left to `reload-config.ts`.
 */
import { err, ok, type Result } from '../core/result.ts'
import { systemErrorText } from '../core/system-error.ts'
import type { Config, RegistryText } from './config.ts'
import {
  type ConfiguredEngine,
  type DetectedEngine,
  detectEngine,
  mongodbDatabase,
  uriForms,
} from './detect-engine.ts'
import { booleanOf, shownValue } from './file/file-value.ts'
import { parseConfigFile } from './file/parse-config-file.ts'
import { misspeltOptions } from './misspelt-options.ts'
import type { Option, OptionKey, OptionValues } from './option.ts'
import { lastPort, portProblem } from './option-kinds.ts'
import {
  appSettingsOf,
  type FoundValue,
  lookUp,
  type OptionSources,
  platformEntries,
} from './option-sources.ts'
import { environmentNamesOf, optionKeys, options } from './options.ts'
import { type RegistryKey, readRegistryText, registryKeys } from './registry-text.ts'
import { readAdminToken } from './secrets/read-admin-token.ts'
import { readSecret } from './secrets/read-secret.ts'

export interface ConfigInput {
  readonly fileText?: string
  /** For messages. */
  readonly fileName?: string
  /** In the syntax of the file, for options that no other source gives. */
  readonly defaultsText?: string
  /** For messages. */
  readonly defaultsName?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What the command line sets, by option; stronger than every other source. */
  readonly flags?: ReadonlyMap<string, FoundValue>
  /** By `db_…` name; counts while db-config is on. */
  readonly databaseSettings?: ReadonlyMap<string, string>
  /** Throws what the file system says. */
  readonly readFile: (path: string) => Uint8Array
  /** The database named on the command line; beats every other db-uri. */
  readonly positionalDatabase?: string
  readonly isSqliteFile?: (path: string) => boolean
  /** What is wrong with options that were set by hand, whatever their source, on this engine. */
  readonly refuseOptions: (engine: ConfiguredEngine, given: OptionValues) => readonly string[]
  /** What is wrong with the text of a registry; each problem names its place in the text. */
  readonly registryProblems: (key: RegistryKey, text: string) => readonly string[]
  /**
   * On a reload the configuration in use: its db-uri is kept, and the defaults are those of its
   * engine.
   */
  readonly previous?: Config
  /** To ask a running server, as PostgREST does, at any number that is given as its port. */
  readonly isForProbe?: boolean
}

export interface LoadedConfig {
  readonly config: Config
  /** What is likely to be a slip: names and values that are ignored. */
  readonly warnings: readonly string[]
}

/** Where a database that is named on the command line is served: to this machine alone. */
const loopback = '127.0.0.1'

/**
 * Loads everything. Of the same option the strongest source decides: command line, database,
 * environment (`DBREST_…`, then `PGRST_…`), file, `PORT` and `HOST`, defaults file, default. Unknown names are ignored.
 *
 * Errors  all problems at once, each with option, value, place and what is allowed, and with the
 *         words of PostgREST where it has some; no secrets
 * Rule    PostgREST docs: configuration
 */
export function loadConfig(input: ConfigInput): Result<LoadedConfig, readonly string[]> {
  const noSettings: ReadonlyMap<string, string> = new Map()
  const file = parseConfigFile(input.fileText ?? '', input.env, input.fileName)
  if (!file.ok) return err([file.error])
  const defaults = parseConfigFile(input.defaultsText ?? '', input.env, input.defaultsName)
  if (!defaults.ok) return err([defaults.error])
  const outside = {
    flags: input.flags ?? new Map(),
    file: new Map([...defaults.value, ...platformEntries(input.env), ...file.value]),
    environment: input.env,
    database: noSettings,
  }
  const settings = isDbConfigOn(outside) ? input.databaseSettings : undefined
  const draft = new ConfigDraft({ ...outside, database: settings ?? noSettings })

  const dbUri = draft.add('dbUri', readDbUri(input, draft))
  const told = input.previous === undefined ? detectBackend(input, draft, dbUri) : null
  const inUse = input.previous?.dbBackend
  const backend = draft.add(
    'dbBackend',
    draft.read('dbBackend', inUse ?? told?.engine ?? 'postgres'),
  )
  if (told !== null) checkBackend(draft, told)
  const engine = inUse ?? backend
  for (const key of optionKeys) if (!draft.has(key)) draft.add(key, draft.read(key, engine))
  if (engine === 'mongodb' && draft.given.dbSchemas === undefined) {
    draft.add('dbSchemas', [mongodbDatabase(dbUri)])
  }
  draft.add('dbChannelUri', readChannelUri(input, draft))
  draft.add('jwtSecret', readJwtSecret(input, draft))
  draft.add('adminServerToken', readToken(input, draft))
  for (const key of registryKeys) draft.add(key, readRegistry(input, draft, key))
  if (input.positionalDatabase !== undefined) {
    for (const key of ['serverHost', 'adminServerHost'] as const) {
      if (draft.given[key] === undefined) draft.add(key, loopback)
    }
    // a platform says where the API is to be reached, and nothing of the admin server
    const isOpenByDefault = defaults.value.has('server-host')
    if (draft.isOfPlatform('adminServerHost') && !isOpenByDefault) {
      draft.add('adminServerHost', loopback)
    }
    // a file is one's own; a server that is named may be anybody's
    if (engine === 'sqlite' && draft.given.dbAggregatesEnabled === undefined) {
      draft.add('dbAggregatesEnabled', true)
    }
  }

  draft.checkPorts(input.isForProbe === true)
  draft.problems.push(...input.refuseOptions(engine, draft.given))
  return draft.finish()
}

/** Options whose absence opens something, and what. */
const openedByEmptiness: Readonly<Partial<Record<OptionKey, string>>> = {
  adminServerToken: 'nobody is asked for a token',
  dbTables: 'all tables and views are served',
  dbExcludeTables: 'no table or view is left out',
}

type Draft = { -readonly [Key in keyof Config]?: Config[Key] }

/** The configuration while it is read, and what is wrong with it. */
class ConfigDraft {
  readonly problems: string[] = []
  /** What a source gave a value for, defaults left out. */
  readonly given: Draft = {}
  private readonly values: Draft = {}
  private readonly warnings: string[]
  private readonly sources: OptionSources
  private readonly places = new Map<OptionKey, string>()

  constructor(sources: OptionSources) {
    this.sources = sources
    this.values.appSettings = appSettingsOf(sources)
    this.warnings = [...misspeltOptions(sources)]
  }

  /** The configured value, or the default; the default, too, where the value is a problem. */
  read<Key extends OptionKey>(key: Key, engine: ConfiguredEngine): Config[Key] {
    const option: Option<Config[Key]> = options[key]
    for (const name of option.lookup) {
      const found = lookUp(this.sources, name, option.inDatabase)
      if (found === undefined) continue
      const parsed = option.kind.parse(found.value, name)
      if (!parsed.ok) {
        this.problems.push(`${described(option, name, found)}: ${parsed.error}`)
        break
      }
      if (parsed.value === undefined) {
        if (found.value !== '') {
          const { type } = option.kind
          this.warnings.push(`${described(option, name, found)}, which is ignored: no ${type}`)
        } else if (environmentNamesOf(name).includes(found.place)) {
          // a variable that was to hold it and does not must open nothing unseen; in a file, as
          // dumps write it, an empty text says what is meant
          const opened = openedByEmptiness[key]
          if (opened !== undefined) {
            this.warnings.push(`${name} (${found.place}) is empty: ${opened}`)
          }
        }
        continue
      }
      this.given[key] = parsed.value
      this.places.set(key, found.place)
      return parsed.value
    }
    return option.fallback(engine)
  }

  add<Key extends OptionKey>(key: Key, value: Config[Key]): Config[Key] {
    this.values[key] = value
    return value
  }

  has(key: OptionKey): boolean {
    return Object.hasOwn(this.values, key)
  }

  get<Key extends keyof Config>(key: Key): Draft[Key] {
    return this.values[key]
  }

  /** Whether it was `HOST` or `PORT` that gave it. */
  isOfPlatform(key: OptionKey): boolean {
    const place = this.places.get(key)
    return place === 'HOST' || place === 'PORT'
  }

  /** Shape  `db-backend (DBREST_DB_BACKEND)` */
  named(key: OptionKey): string {
    const place = this.places.get(key)
    return place === undefined ? options[key].name : `${options[key].name} (${place})`
  }

  /** Port 0 is any free one, so two of it are not the same. */
  checkPorts(mayBeNoPort: boolean): void {
    const { adminServerPort, serverPort } = this.values
    if (adminServerPort === serverPort && serverPort !== 0) {
      this.problems.push('admin-server-port cannot be the same as server-port')
    }
    if (mayBeNoPort) return
    for (const key of ['serverPort', 'adminServerPort'] as const) {
      const port = this.values[key] ?? 0
      if (port >= 0 && port <= lastPort) continue
      this.problems.push(
        `${options[key].name} is ${port} (${this.places.get(key)}): ${portProblem}`,
      )
    }
  }

  finish(): Result<LoadedConfig, readonly string[]> {
    if (this.problems.length > 0) return err(this.problems)
    this.values.given = new Set(optionKeys.filter((key) => Object.hasOwn(this.given, key)))
    if (!isComplete(this.values)) throw new Error('an option was not loaded')
    return ok({ config: Object.freeze(this.values), warnings: this.warnings })
  }
}

/** Shape  `server-port is "abc" (app.conf, line 3)` */
function described(
  option: Pick<Option<unknown>, 'isSecret'>,
  name: string,
  { value, place }: FoundValue,
): string {
  const shown = option.isSecret ? null : shownValue(value)
  return shown === null ? `${name} (${place})` : `${name} is ${shown} (${place})`
}

function isComplete(draft: Draft): draft is Config {
  return (
    draft.appSettings !== undefined &&
    draft.given !== undefined &&
    optionKeys.every((key) => draft[key] !== undefined)
  )
}

/** `db-config` itself is never read from the database. */
function isDbConfigOn(sources: OptionSources): boolean {
  const found = lookUp(sources, 'db-config', false)
  return found === undefined || (booleanOf(found.value) ?? true)
}

function readDbUri(input: ConfigInput, draft: ConfigDraft): string {
  if (input.previous !== undefined) return input.previous.dbUri
  const given = input.positionalDatabase ?? draft.read('dbUri', 'postgres').trim()
  const configured = given === '' ? options.dbUri.fallback('postgres') : given
  return readConnectionText(input, draft, 'dbUri', configured)
}

function readChannelUri(input: ConfigInput, draft: ConfigDraft): string | null {
  if (input.previous !== undefined) return input.previous.dbChannelUri
  const configured = draft.get('dbChannelUri')?.trim() ?? ''
  return readConnectionText(input, draft, 'dbChannelUri', configured) || null
}

/** The text itself, or that of the file behind its `@`. */
function readConnectionText(
  input: ConfigInput,
  draft: ConfigDraft,
  key: 'dbUri' | 'dbChannelUri',
  configured: string,
): string {
  if (!configured.startsWith('@')) return configured
  try {
    return Buffer.from(input.readFile(configured.slice(1)))
      .toString('utf8')
      .trim()
  } catch (failure) {
    const reason = systemErrorText(failure)
    draft.problems.push(`${draft.named(key)}: the file behind its @ cannot be read: ${reason}`)
    return ''
  }
}

function readToken(input: ConfigInput, draft: ConfigDraft): string | null {
  const configured = draft.get('adminServerToken') ?? null
  if (configured === null) return null
  const token = readAdminToken(configured, input.readFile)
  if (token.ok) return token.value
  draft.problems.push(`${draft.named('adminServerToken')}: ${token.error}`)
  return null
}

function readRegistry(
  input: ConfigInput,
  draft: ConfigDraft,
  key: RegistryKey,
): RegistryText | null {
  const configured = draft.get(key) ?? null
  if (configured === null) return null
  const read = readRegistryText(configured, input.readFile)
  const problems = read.ok ? input.registryProblems(key, read.value.text) : [read.error]
  draft.problems.push(...problems.map((problem) => `${draft.named(key)}: ${problem}`))
  return read.ok ? read.value : null
}

/** What the db-uri says of the engine; null where none was given, or it says nothing sensible. */
function detectBackend(
  input: ConfigInput,
  draft: ConfigDraft,
  dbUri: string,
): DetectedEngine | null {
  const isGiven = input.positionalDatabase !== undefined || draft.given.dbUri !== undefined
  const told = detectEngine(dbUri, input.isSqliteFile)
  if (told.ok) return isGiven ? told.value : { ...told.value, isCertain: false }
  const name = input.positionalDatabase === undefined ? draft.named('dbUri') : 'the database'
  draft.problems.push(`${name}: ${told.error}; it should be ${uriForms}`)
  return null
}

function checkBackend(draft: ConfigDraft, told: DetectedEngine): void {
  const { dbBackend } = draft.given
  if (dbBackend === undefined || !told.isCertain || dbBackend === told.engine) return
  draft.problems.push(
    `${draft.named('dbBackend')} is ${dbBackend}, but db-uri names a database of ${told.engine}: change or unset one of them`,
  )
}

function readJwtSecret(input: ConfigInput, draft: ConfigDraft): Uint8Array | null {
  const configured = draft.get('jwtSecret') ?? null
  if (configured === null) return null
  const secret = readSecret(
    Buffer.from(configured).toString('utf8'),
    draft.get('jwtSecretIsBase64') ?? false,
    input.readFile,
  )
  if (secret.ok) return secret.value
  draft.problems.push(`${draft.named('jwtSecret')}: ${secret.error}`)
  return null
}
