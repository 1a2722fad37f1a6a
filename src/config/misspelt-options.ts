/**
 * Names in file, environment and database that are no options, but nearly one, and options that are
 * not read from a database → what is told of them. They stay ignored, as in PostgREST, and so do names that resemble none: those may be meant for
 * another version, or another program.
 */
import { createFuzzySet, type FuzzySet } from '../core/fuzzy-set.ts'
import { type OptionSources, settingPrefix, settingVariables } from './option-sources.ts'
import {
  databaseNameOf,
  databaseSettingNames,
  databaseSettingPrefix,
  environmentPrefixes,
  optionKeys,
  options,
} from './options.ts'

/** How alike two names have to be: `server-prot` and `server-port` are by 0.82. */
const minScore = 0.75

const namesOf = (key: (typeof optionKeys)[number]) => [options[key].name, ...options[key].aliases]
const knownNames = new Set(optionKeys.flatMap(namesOf))
const shownNames = optionKeys.filter((key) => !options[key].isHidden).flatMap(namesOf)
const settingGroup = settingPrefix.slice(0, -1)

/** Made when the first name needs it: configurations are read at each reload, and few have slips. */
function lazily(names: readonly string[]): Pick<FuzzySet, 'best'> {
  let set: FuzzySet | null = null
  return {
    best(...query) {
      set ??= createFuzzySet(names)
      return set.best(...query)
    },
  }
}

/** Shape  "server-prot (app.conf, line 2) is no option and is ignored: is server-port meant?" */
export function misspeltOptions(sources: OptionSources): readonly string[] {
  const nearest = lazily(shownNames)
  const groups = lazily([settingGroup])
  const said = (shown: string, meant: string) =>
    `${shown} is no option and is ignored: is ${meant} meant?`

  const inFile = [...sources.file].flatMap(([name, entry]) => {
    if (name.startsWith(settingPrefix) || knownNames.has(name)) return []
    const [first, second] = name.split('.')
    const meant =
      second === undefined
        ? nearest.best(name, minScore)
        : groups.best(`${first}.${second}`, minScore)
    return meant === null ? [] : [said(`${name} (${entry.place})`, meant)]
  })
  const inEnvironment = Object.keys(sources.environment).flatMap((variable) => {
    const prefix = environmentPrefixes.find((known) => variable.startsWith(known))
    const isSetting = settingVariables.some((known) => variable.startsWith(known))
    if (prefix === undefined || isSetting) return []
    const name = variable.slice(prefix.length).toLowerCase().replaceAll('_', '-')
    const meant = knownNames.has(name) ? null : nearest.best(name, minScore)
    if (meant === null) return []
    return [said(variable, prefix + meant.toUpperCase().replaceAll('-', '_'))]
  })
  const settings = lazily(databaseSettingNames)
  const inDatabase = [...sources.database.keys()].flatMap((setting) => {
    const shown = databaseSettingPrefix + setting
    if (databaseSettingNames.includes(shown)) return []
    const key = optionKeys.find((each) => namesOf(each).some((n) => databaseNameOf(n) === setting))
    if (key !== undefined) {
      const { name } = options[key]
      const meant = databaseSettingPrefix + databaseNameOf(name)
      return databaseSettingNames.includes(meant)
        ? [said(`${shown} in the database`, meant)]
        : [`${shown} in the database is ignored: ${name} is not read from there`]
    }
    const meant = settings.best(shown, minScore)
    return meant === null ? [] : [said(`${shown} in the database`, meant)]
  })
  return [...inFile, ...inEnvironment, ...inDatabase]
}
