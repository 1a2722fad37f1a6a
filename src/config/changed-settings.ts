/**
 * Two configurations → the options that differ, with their values as a file would have them, but for
 * secrets: for who is told what a reload changed. Pure.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'
import { printOption } from './dump-config.ts'
import { optionKeys, options } from './options.ts'

export interface ChangedSetting {
  readonly name: string
  readonly before: string
  readonly after: string
}

/** In place of a secret. */
const hidden = '***'

/** All of `app.settings` are one, and are not shown: they hold what their user likes. */
export function changedSettings(before: Config, after: Config): readonly ChangedSetting[] {
  const changed = optionKeys
    .filter((key) => !options[key].isHidden && !isDeepStrictEqual(before[key], after[key]))
    .map((key) => {
      const shown = (config: Config) => (options[key].isSecret ? hidden : printOption(config, key))
      return { name: options[key].name, before: shown(before), after: shown(after) }
    })
  return isDeepStrictEqual(before.appSettings, after.appSettings)
    ? changed
    : [...changed, { name: 'app.settings', before: hidden, after: hidden }]
}
