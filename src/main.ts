#!/usr/bin/env node
/**
 * Process entry: signals, arguments and environment in, exit code out. Handlers are installed
 * before anything else, since an early SIGUSR1 would open Node's inspector and an early SIGUSR2 end
 * the process.
 */
import { EventEmitter } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { dumpSnapshot } from './admin/dump-snapshot.ts'
import { engineAbilities } from './backends/engine-abilities.ts'
import { fileKind } from './backends/sqlite/process/sqlite-header.ts'
import { registryProblems } from './check-registry.ts'
import {
  type ConfiguredCommand,
  helpText,
  isSqliteFile,
  parseCommand,
  probe,
  versionText,
} from './cli.ts'
import { composeServer, type Server } from './compose.ts'
import type { FollowerDeps } from './compose-follower.ts'
import { composeTypes } from './compose-types.ts'
import type { Config } from './config/config.ts'
import type { ReadConfig } from './config/config-loader.ts'
import { dumpConfig } from './config/dump-config.ts'
import { exampleConfig } from './config/example-config.ts'
import { type LoadedConfig, loadConfig } from './config/load-config.ts'
import { failureStack, failureText } from './core/failure-text.ts'
import { err, ok, type Result } from './core/result.ts'
import { systemErrorText } from './core/system-error.ts'
import { isNothingConfigured, nextSteps } from './next-steps.ts'
import { printCheck } from './print-check.ts'
import { readDumps } from './read-dumps.ts'
import { runSchemaMark } from './run-schema-mark.ts'
import { unhonouredOptions } from './schema/unhonoured-options.ts'
import { openBrowser } from './served-urls.ts'
import { printDatabase } from './typescript/print-database.ts'
import { writeTypes } from './write-types.ts'

const reloads = new EventEmitter()
let server: Server | null = null
let isStopping = false

for (const name of ['SIGUSR1', 'SIGUSR2'] as const) process.on(name, () => reloads.emit(name))
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop(name))
// a reader of our output that has gone is no reason to stop serving
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)
for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(name, (failure: unknown) => {
    const stack = failureStack(failure)
    if (server === null) exit(1, `${stack}\n`)
    server.observe({ kind: 'crashed', stack })
  })
}

function exit(code: number, message = ''): never {
  if (message !== '') process.stderr.write(message)
  process.exit(code)
}

function stop(signal: string): void {
  if (server === null) exit(0)
  if (!isStopping) server.observe({ kind: 'signal-received', signal })
  isStopping = true
  server.stop().then(
    () => exit(0),
    (failure: unknown) => {
      server?.observe({ kind: 'stopping-failed', cause: String(failure) })
      exit(1)
    },
  )
}

function readConfigFile(path: string): Result<string, readonly string[]> {
  try {
    return ok(readFileSync(path, 'utf8'))
  } catch (failure) {
    return err([`${path} cannot be read: ${systemErrorText(failure)}`])
  }
}

/** Reads the file anew each time: a reload sees what it holds then. */
function configReader(command: ConfiguredCommand): ReadConfig {
  const { configFile, defaultsFile, database, kind } = command
  // nobody changes it from outside, and each look at that of the process is a call into the system
  const env = { ...process.env }
  return ({ databaseSettings, previous }) => {
    const fileText = configFile === undefined ? ok('') : readConfigFile(configFile)
    const defaultsText = defaultsFile === undefined ? ok('') : readConfigFile(defaultsFile)
    if (!fileText.ok) return fileText
    if (!defaultsText.ok) return defaultsText
    return loadConfig({
      fileText: fileText.value,
      ...(configFile === undefined ? {} : { fileName: configFile }),
      defaultsText: defaultsText.value,
      ...(defaultsFile === undefined ? {} : { defaultsName: defaultsFile }),
      env,
      ...(command.options === undefined ? {} : { flags: command.options }),
      readFile: (path) => readFileSync(path),
      isSqliteFile,
      refuseOptions: (engine, given) =>
        unhonouredOptions(engineAbilities(engine), given).map(({ problem }) => problem),
      registryProblems,
      ...(database === undefined ? {} : { positionalDatabase: database }),
      ...(databaseSettings === undefined ? {} : { databaseSettings }),
      ...(previous === undefined ? {} : { previous }),
      isForProbe: kind === 'ready' || kind === 'health',
    })
  }
}

function configOrExit(readConfig: ReadConfig): LoadedConfig {
  const loaded = readConfig({})
  if (!loaded.ok) exit(1, `${loaded.error.join('\n')}\n`)
  return loaded.value
}

/** A failure to open or bind something ends the process with its message, without a stack. */
async function orExit<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (failure) {
    return exit(1, `${failureText(failure)}\n`)
  }
}

/** Options that the engine cannot honour are not in effect, whatever their defaults. */
function dumpedText(config: Config, isRedacted = false): string {
  const unhonoured = unhonouredOptions(engineAbilities(config.dbBackend), config)
  return dumpConfig(config, { omitted: unhonoured.map(({ key }) => key), isRedacted })
}

/** Once it serves. Those who run it as a service have their log as it is without. */
function welcome(
  { observe, urls }: Server,
  { database, opensBrowser }: { readonly database?: string; readonly opensBrowser?: boolean },
): void {
  const served = urls()
  if (served === null) return
  const isAtHand = database !== undefined || opensBrowser === true || process.stderr.isTTY === true
  if (isAtHand) observe({ kind: 'urls', ...served })
  const url = served.dashboard ?? served.api
  if (opensBrowser !== true || url === null) return
  openBrowser(url, () => observe({ kind: 'browser-failed' }))
}

async function run(command: ConfiguredCommand): Promise<void> {
  const readConfig = configReader(command)
  const loaded = configOrExit(readConfig)
  const { config } = loaded
  const needsDatabase = command.kind === 'run' || command.kind === 'check'
  if (needsDatabase && isNothingConfigured(command, config, process.env)) {
    exit(1, nextSteps(readdirSync('.')))
  }
  switch (command.kind) {
    case 'ready':
    case 'health': {
      const { exitCode, stdout, stderr } = await probe(command.kind, config)
      process.stdout.write(stdout)
      return exit(exitCode, stderr)
    }
    case 'dump-config':
    case 'dump-schema': {
      const writeError = (text: string) => process.stderr.write(text)
      const dumps = await orExit(readDumps({ config, readConfig, env: process.env, writeError }))
      const text =
        command.kind === 'dump-config'
          ? dumpedText(await dumps.config(), command.isRedacted)
          : await dumps.schema().then((schema) => schema && dumpSnapshot(schema))
      await dumps.close()
      if (text === null) return exit(1)
      process.stdout.write(text)
      return exit(0)
    }
    case 'check': {
      let { warnings } = loaded
      const dumps = await orExit(
        readDumps({
          config,
          readConfig,
          env: process.env,
          writeError: (text) => process.stderr.write(text),
          tellWarnings: (told) => {
            warnings = told
          },
        }),
      )
      const snapshot = await dumps.schema()
      if (snapshot === null) return exit(1)
      const report = printCheck({
        snapshot,
        unboundPolicies: dumps.unboundPolicies(snapshot),
        hearing: await dumps.hearing(),
        warnings,
        problems: dumps.problems(),
      })
      await dumps.close()
      process.stdout.write(report.text)
      return exit(report.exitCode)
    }
    case 'types': {
      const writeError = (text: string) => process.stderr.write(text)
      const dumps = await orExit(readDumps({ config, readConfig, env: process.env, writeError }))
      const schema = await dumps.schema()
      await dumps.close()
      if (schema === null) return exit(1)
      const text = printDatabase(schema)
      if (command.out === undefined) {
        process.stdout.write(text)
        return exit(0)
      }
      const written = writeTypes(command.out, text)
      return written.ok ? exit(0) : exit(1, `${written.error}\n`)
    }
    case 'schema-mark': {
      const report = await orExit(runSchemaMark(command.action, { config, env: process.env }))
      process.stdout.write(report.stdout)
      return exit(report.exitCode, report.stderr)
    }
    case 'watch-types':
    case 'run': {
      const deps: FollowerDeps = {
        loaded,
        readConfig,
        env: process.env,
        reloads,
        writeOut: (text) => process.stdout.write(text),
        writeError: (text) => process.stderr.write(text),
        onFatal: () => exit(1),
      }
      server =
        command.kind === 'watch-types' ? composeTypes(deps, command.out) : composeServer(deps)
      await orExit(server.start())
      if (command.kind === 'run') welcome(server, command)
    }
  }
}

const command = parseCommand(process.argv.slice(2), { fileKind })
if (!command.ok) exit(1, `${command.error}\n`)
switch (command.value.kind) {
  case 'help':
    process.stdout.write(helpText())
    break
  case 'version':
    process.stdout.write(versionText())
    break
  case 'example':
    process.stdout.write(exampleConfig())
    break
  default:
    await run(command.value)
}
