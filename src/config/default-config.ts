/**
 * What an engine is configured with when nothing is said: the values that the example and the
 * documentation show.
 */
import type { Config } from './config.ts'
import type { ConfiguredEngine } from './detect-engine.ts'
import { loadConfig } from './load-config.ts'
import { environmentNamesOf, options } from './options.ts'

export function defaultConfig(engine: ConfiguredEngine): Config {
  const [variable] = environmentNamesOf(options.dbBackend.name)
  const loaded = loadConfig({
    env: { [variable]: engine },
    readFile: (path) => {
      throw new Error(`the defaults read no file, but ${path} was asked for`)
    },
    refuseOptions: () => [],
    registryProblems: () => [],
  })
  if (!loaded.ok) throw new Error(loaded.error.join('; '))
  return loaded.value.config
}
