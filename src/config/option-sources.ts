/**
 * The places that options come from, as one lookup by name: flags of the command line, in-database
 * settings, environment, configuration file, strongest first. The strongest that has the name decides, even when its value
 * is empty. What the value means is left to the option's kind.
 */
import { type FileValue, fileValueText } from './file/file-value.ts'
import type { FileEntry } from './file/parse-config-file.ts'
import {
  databaseNameOf,
  databaseSettingNames,
  databaseSettingPrefix,
  environmentNamesOf,
  optionKeys,
  options,
} from './options.ts'

export interface OptionSources {
  /** Flags of the command line, by the option that they set. */
  readonly flags: ReadonlyMap<string, FoundValue>
  readonly file: ReadonlyMap<string, FileEntry>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** By name without `pgrst.`; what is no setting is told of as a slip. */
  readonly database: ReadonlyMap<string, string>
}

export interface FoundValue {
  readonly value: FileValue
  /** For messages: `DBREST_DB_POOL`, or `app.conf, line 3`. */
  readonly place: string
}

/** What an option's name is elsewhere. */
interface NamesElsewhere {
  /** Without `pgrst.`; null: no setting of the database counts. */
  readonly setting: string | null
  readonly variables: readonly string[]
}

function namesElsewhere(name: string): NamesElsewhere {
  const setting = databaseNameOf(name)
  const isSetting = databaseSettingNames.includes(databaseSettingPrefix + setting)
  return { setting: isSetting ? setting : null, variables: environmentNamesOf(name) }
}

/** Made once: each reload that a notification asks for reads all options. */
const namesOfOptions: ReadonlyMap<string, NamesElsewhere> = new Map(
  optionKeys
    .flatMap((key) => options[key].lookup)
    .map((name): [string, NamesElsewhere] => [name, namesElsewhere(name)]),
)

export function lookUp(
  sources: OptionSources,
  name: string,
  inDatabase: boolean,
): FoundValue | undefined {
  const flag = sources.flags.get(name)
  if (flag !== undefined) return flag
  const { setting, variables } = namesOfOptions.get(name) ?? namesElsewhere(name)
  if (inDatabase && setting !== null) {
    const value = sources.database.get(setting)
    if (value !== undefined) {
      return { value, place: `${databaseSettingPrefix}${setting} in the database` }
    }
  }
  for (const variable of variables) {
    const value = sources.environment[variable]
    if (value !== undefined) return { value, place: variable }
  }
  return sources.file.get(name)
}

/** `localhost`, an address, or any of a family: what platforms say, and no shell of itself. */
const platformHost = /^(?:localhost|[\d.]+|[\da-f.]*:[\da-f:.]*)$/i

/**
 * `PORT` and `HOST`, by which platforms tell a server where to listen. Some shells put the machine's name
 * into `HOST`: that asks for nothing.
 */
export function platformEntries(
  environment: OptionSources['environment'],
): ReadonlyMap<string, FileEntry> {
  const entries = new Map<string, FileEntry>()
  const { PORT, HOST } = environment
  if (PORT !== undefined && PORT !== '') entries.set('server-port', { value: PORT, place: 'PORT' })
  if (HOST !== undefined && platformHost.test(HOST)) {
    entries.set('server-host', { value: HOST, place: 'HOST' })
  }
  return entries
}

/** What settings of the user's own are called by. */
export const settingPrefix = 'app.settings.'
/** Weakest first. */
export const settingVariables = ['PGRST_APP_SETTINGS_', 'DBREST_APP_SETTINGS_'] as const

/**
 * All `app.settings.*`, sorted by name; the environment beats the file.
 *
 * Shape   `PGRST_APP_SETTINGS_Key=x` → ['app.settings.Key', x]
 */
export function appSettingsOf(sources: OptionSources): readonly (readonly [string, string])[] {
  const settings = new Map<string, string>()
  for (const [name, { value }] of sources.file) {
    const isOneLevelBelow =
      name.startsWith(settingPrefix) && !name.slice(settingPrefix.length).includes('.')
    if (isOneLevelBelow) settings.set(name, fileValueText(value))
  }
  for (const prefix of settingVariables) {
    for (const [variable, value] of Object.entries(sources.environment)) {
      if (value === undefined || !variable.startsWith(prefix) || variable === prefix) continue
      settings.set(settingPrefix + variable.slice(prefix.length), value)
    }
  }
  return [...settings].sort(([a], [b]) => (a < b ? -1 : 1))
}
