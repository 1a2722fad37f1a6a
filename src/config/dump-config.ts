/**
 * The configuration as `--dump-config` prints it: one `name = value` line each, sorted as text, in
 * the syntax of a configuration file. Read back, it gives the same configuration.
 */
import type { Config } from './config.ts'
import { configString } from './config-string.ts'
import type { OptionKey } from './option.ts'
import { optionKeys, options } from './options.ts'

/** Secrets and the db-uri are in it as they are; `omitted` are options without effect here. */
export function dumpConfig(config: Config, omitted: readonly OptionKey[] = []): string {
  const lines = [
    ...optionKeys
      .filter((key) => !options[key].isHidden && !omitted.includes(key))
      .map((key) => `${options[key].name} = ${printOption(config, key)}`),
    ...config.appSettings.map(([name, value]) => `${name} = ${configString(value)}`),
  ]
  return `${lines.sort().join('\n')}\n`
}

/** The value of one option in the syntax of a configuration file. */
export function printOption<Key extends OptionKey>(config: Config, key: Key): string {
  const option = options[key]
  return option.kind.print(config[key], config)
}
