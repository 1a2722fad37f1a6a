/**
 * The configuration as `--dump-config` prints it: one `name = value` line each, sorted as text, in
 * the syntax of a configuration file. Read back, it gives the same configuration, unless its
 * secrets were left out.
 */
import type { Config } from './config.ts'
import { configString } from './file/config-string.ts'
import type { OptionKey } from './option.ts'
import { optionKeys, options } from './options.ts'

export interface DumpTraits {
  /** Options without effect here. */
  readonly omitted?: readonly OptionKey[]
  /** For showing to others. Otherwise secrets and the db-uri are in it as they are. */
  readonly isRedacted?: boolean
}

/** In place of a value. */
const redacted = configString('***')

/**
 * Redacted are the options that are secret by their kind, the db-uri as a whole since a password can
 * be anywhere in it, and all of `app.settings.*`, which hold what their user likes. What is not set
 * shows that it is not.
 */
export function dumpConfig(
  config: Config,
  { omitted = [], isRedacted = false }: DumpTraits = {},
): string {
  const lines = [
    ...optionKeys
      .filter((key) => !options[key].isHidden && !omitted.includes(key))
      .map((key) => `${options[key].name} = ${dumpedOption(config, key, isRedacted)}`),
    ...config.appSettings.map(
      ([name, value]) => `${name} = ${isRedacted ? redacted : configString(value)}`,
    ),
  ]
  return `${lines.sort().join('\n')}\n`
}

function dumpedOption(config: Config, key: OptionKey, isRedacted: boolean): string {
  const printed = printOption(config, key)
  const isShown = !isRedacted || !options[key].isSecret || printed === '""'
  return isShown ? printed : redacted
}

/** The value of one option in the syntax of a configuration file. */
export function printOption<Key extends OptionKey>(config: Config, key: Key): string {
  const option = options[key]
  return option.kind.print(config[key], config)
}
