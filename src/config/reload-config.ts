/**
 * Two configurations, the one being served and the one just read → the one to serve from now on,
 * and the options whose new values wait for a restart.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config.ts'
import type { OptionKey } from './option.ts'
import { optionKeys, options } from './options.ts'

export interface ReloadedConfig {
  readonly config: Config
  /** Names, sorted. */
  readonly needsRestart: readonly string[]
}

export function reloadConfig(old: Config, next: Config): ReloadedConfig {
  const kept = optionKeys.filter(
    (key) => options[key].reload === 'boot' && !isDeepStrictEqual(old[key], next[key]),
  )
  if (kept.length === 0) return { config: next, needsRestart: [] }
  const config: { -readonly [Key in keyof Config]: Config[Key] } = { ...next }
  for (const key of kept) keep(config, old, key)
  return { config: Object.freeze(config), needsRestart: kept.map((key) => options[key].name) }
}

function keep<Key extends OptionKey>(
  config: { -readonly [K in keyof Config]: Config[K] },
  old: Config,
  key: Key,
): void {
  config[key] = old[key]
}
