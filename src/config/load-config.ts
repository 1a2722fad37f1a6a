/**
 * Configuration file, environment and in-database settings → one frozen `Config`, or every problem
 * there is. Pure but for the `@file` values, which it reads through the function given. Telling which
 * changes may take effect while serving is left to `reload-config.ts`.
 */
import { err, ok, type Result } from '../core/result.ts'
import type { Config } from './config.ts'
import { type ConfiguredEngine, detectEngine } from './detect-engine.ts'
import { booleanOf } from './file-value.ts'
import type { Option, OptionKey, OptionValues } from './option.ts'
import { appSettingsOf, lookUp, type OptionSources } from './option-sources.ts'
import { optionKeys, options } from './options.ts'
import { parseConfigFile } from './parse-config-file.ts'
import { readAdminToken } from './read-admin-token.ts'
import { readSecret } from './read-secret.ts'

export interface ConfigInput {
  readonly fileText?: string
  /** In the syntax of the file, for options that no other source gives. */
  readonly defaultsText?: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** By `db_…` name; counts while db-config is on. */
  readonly databaseSettings?: ReadonlyMap<string, string>
  /** Throws what the file system says. */
  readonly readFile: (path: string) => Uint8Array
  /** The database named on the command line; beats every other db-uri. */
  readonly positionalDatabase?: string
  readonly isSqliteFile?: (path: string) => boolean
  /** What is wrong with options that were set by hand, whatever their source, on this engine. */
  readonly refuseOptions: (engine: ConfiguredEngine, given: OptionValues) => readonly string[]
  /**
   * On a reload the configuration in use: its db-uri is kept, and the defaults are those of its
   * engine.
   */
  readonly previous?: Config
}

/**
 * Loads everything. Of the same option the strongest source decides: database, environment
 * (`DBREST_…`, then `PGRST_…`), file, defaults file, default. Unknown names are ignored.
 *
 * Errors  all problems at once, in the words of PostgREST
 * Rule    PostgREST docs: configuration
 */
export function loadConfig(input: ConfigInput): Result<Config, readonly string[]> {
  const noSettings: ReadonlyMap<string, string> = new Map()
  const file = parseConfigFile(input.fileText ?? '', input.env)
  if (!file.ok) return err([file.error])
  const defaults = parseConfigFile(input.defaultsText ?? '', input.env)
  if (!defaults.ok) return err([defaults.error])
  const outside = {
    file: new Map([...defaults.value, ...file.value]),
    environment: input.env,
    database: noSettings,
  }
  const settings = isDbConfigOn(outside) ? input.databaseSettings : undefined
  const draft = new ConfigDraft({ ...outside, database: settings ?? noSettings })

  const dbUri = draft.add('dbUri', readDbUri(input, draft))
  const told = detectEngine(dbUri, input.isSqliteFile)
  const backend = draft.add('dbBackend', draft.read('dbBackend', input.previous?.dbBackend ?? told))
  const engine = input.previous?.dbBackend ?? backend
  for (const key of optionKeys) if (!draft.has(key)) draft.add(key, draft.read(key, engine))
  draft.add('jwtSecret', readJwtSecret(input, draft))
  draft.add('adminServerToken', readToken(input, draft))

  draft.checkPorts()
  draft.problems.push(...input.refuseOptions(engine, draft.given))
  return draft.finish()
}

type Draft = { -readonly [Key in keyof Config]?: Config[Key] }

/** The configuration while it is read, and what is wrong with it. */
class ConfigDraft {
  readonly problems: string[] = []
  /** What a source gave a value for, defaults left out. */
  readonly given: Draft = {}
  private readonly values: Draft = {}
  private readonly sources: OptionSources

  constructor(sources: OptionSources) {
    this.sources = sources
    this.values.appSettings = appSettingsOf(sources)
  }

  /** The configured value, or the default; the default, too, where the value is a problem. */
  read<Key extends OptionKey>(key: Key, engine: ConfiguredEngine): Config[Key] {
    const option: Option<Config[Key]> = options[key]
    for (const name of option.lookup) {
      const value = lookUp(this.sources, name, option.inDatabase)
      if (value === undefined) continue
      const parsed = option.kind.parse(value, name)
      if (!parsed.ok) {
        this.problems.push(parsed.error)
        break
      }
      if (parsed.value === undefined) continue
      this.given[key] = parsed.value
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

  /** Port 0 is any free one, so two of it are not the same. */
  checkPorts(): void {
    const { adminServerPort, serverPort } = this.values
    if (adminServerPort === serverPort && serverPort !== 0) {
      this.problems.push('admin-server-port cannot be the same as server-port')
    }
  }

  finish(): Result<Config, readonly string[]> {
    if (this.problems.length > 0) return err(this.problems)
    this.values.given = new Set(optionKeys.filter((key) => Object.hasOwn(this.given, key)))
    if (!isComplete(this.values)) throw new Error('an option was not loaded')
    return ok(Object.freeze(this.values))
  }
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
  const value = lookUp(sources, 'db-config', false)
  return value === undefined || (booleanOf(value) ?? true)
}

function readDbUri(input: ConfigInput, draft: ConfigDraft): string {
  if (input.previous !== undefined) return input.previous.dbUri
  const given = input.positionalDatabase ?? draft.read('dbUri', 'postgres').trim()
  const configured = given === '' ? options.dbUri.fallback('postgres') : given
  if (!configured.startsWith('@')) return configured
  try {
    return Buffer.from(input.readFile(configured.slice(1)))
      .toString('utf8')
      .trim()
  } catch (failure) {
    draft.problems.push(`db-uri: ${failure instanceof Error ? failure.message : String(failure)}`)
    return configured
  }
}

function readToken(input: ConfigInput, draft: ConfigDraft): string | null {
  const configured = draft.get('adminServerToken') ?? null
  if (configured === null) return null
  const token = readAdminToken(configured, input.readFile)
  if (token.ok) return token.value
  draft.problems.push(token.error)
  return null
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
  draft.problems.push(secret.error)
  return null
}
