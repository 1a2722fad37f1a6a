/** Configurations for tests: what a file, an environment and a few read files make. */
import { constants } from 'node:os'
import { engineAbilities } from '../../src/backends/engine-abilities.ts'
import { registryProblems } from '../../src/check-registry.ts'
import type { Config } from '../../src/config/config.ts'
import { type ConfigInput, loadConfig } from '../../src/config/load-config.ts'
import type { EngineAbilities } from '../../src/schema/capabilities.ts'
import { unhonouredOptions } from '../../src/schema/unhonoured-options.ts'

export interface TestConfigInput {
  readonly file?: string
  readonly defaults?: string
  readonly env?: Readonly<Record<string, string>>
  readonly database?: Readonly<Record<string, string>>
  /** Contents by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly previous?: Config
  readonly positionalDatabase?: string
  readonly sqliteFiles?: readonly string[]
  readonly isForProbe?: boolean
  /**
   * Of an engine that lacks something; null: of one that honours everything; otherwise those of the
   * configured engine.
   */
  readonly abilities?: EngineAbilities | null
}

/** As Node says that a file is not there. */
export function noSuchFile(path: string): Error {
  const message = `ENOENT: no such file or directory, open '${path}'`
  return Object.assign(new Error(message), { code: 'ENOENT', errno: -constants.errno.ENOENT })
}

export function loadTestConfig(input: TestConfigInput): Config {
  const loaded = tryLoadTestConfig(input)
  if (!loaded.ok) throw new Error(loaded.error.join('; '))
  return loaded.value.config
}

export function tryLoadTestConfig(input: TestConfigInput): ReturnType<typeof loadConfig> {
  const { file, defaults, env, database, files, previous, positionalDatabase, sqliteFiles } = input
  const full: ConfigInput = {
    env: env ?? {},
    readFile(path) {
      const content = files?.[path]
      if (content === undefined) throw noSuchFile(path)
      return typeof content === 'string' ? Buffer.from(content) : content
    },
    refuseOptions: (engine, given) =>
      unhonouredOptions(
        input.abilities === undefined ? engineAbilities(engine) : input.abilities,
        given,
      ).map(({ problem }) => problem),
    registryProblems,
    isSqliteFile: (path) => sqliteFiles?.includes(path) === true,
    fileName: 'test.conf',
    ...(file === undefined ? {} : { fileText: file }),
    ...(defaults === undefined ? {} : { defaultsText: defaults }),
    ...(database === undefined ? {} : { databaseSettings: new Map(Object.entries(database)) }),
    ...(previous === undefined ? {} : { previous }),
    ...(positionalDatabase === undefined ? {} : { positionalDatabase }),
    ...(input.isForProbe === undefined ? {} : { isForProbe: input.isForProbe }),
  }
  return loadConfig(full)
}
