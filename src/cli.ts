/**
 * Command line → command, and the two commands that need no database of their own: `--ready` and
 * `--health` ask the admin server of a running instance. Running commands, printing and exit codes
 * are left to `main.ts`.
 */
import { get } from 'node:http'
import { type FileKind, fileKind } from './backends/sqlite/process/sqlite-header.ts'
import type { Config } from './config/config.ts'
import { hasSqliteName, isConninfo, isDatabaseUri } from './config/detect-engine.ts'
import { mayHoldPassword } from './config/file/file-value.ts'
import type { FoundValue } from './config/option-sources.ts'
import { contractName, contractVersion, productName, productVersion } from './core/product.ts'
import { err, ok, type Result } from './core/result.ts'
import { optionsOfFlags, parseFlags } from './parse-flags.ts'

/** Commands that work with a configuration. */
const configuredCommands = ['dump-config', 'dump-schema', 'check', 'ready', 'health'] as const
/** What `schema-mark` can be told to do. */
const markActions = ['install', 'print', 'remove'] as const
export type MarkAction = (typeof markActions)[number]
/** Commands that only print, strongest first. */
const printingCommands = ['help', 'version', 'example'] as const

/** Where the configuration of a command comes from. */
export interface ConfigPlaces {
  readonly configFile?: string
  /** A configuration file that is weaker than every other source. */
  readonly defaultsFile?: string
  /** A URI, libpq's keyword/value text or a SQLite file, in place of the configured db-uri. */
  readonly database?: string
  /** What flags say of options, by the option's name, whatever the configuration says. */
  readonly options?: ReadonlyMap<string, FoundValue>
}

/** A command that works with a configuration. */
export type ConfiguredCommand = ConfigPlaces &
  (
    | {
        readonly kind: 'run' | (typeof configuredCommands)[number]
        /** A dump without secrets. */
        readonly isRedacted?: boolean
        /** A browser is shown the server once it serves. */
        readonly opensBrowser?: boolean
      }
    | { readonly kind: 'schema-mark'; readonly action: MarkAction }
    | {
        readonly kind: 'types'
        /** Where to; absent: to stdout. */
        readonly out?: string
      }
    /** Goes on, and writes the file again after each reload that changed something. */
    | { readonly kind: 'watch-types'; readonly out: string }
  )

export type Command = { readonly kind: (typeof printingCommands)[number] } | ConfiguredCommand

const isDatabaseFile: Readonly<Record<FileKind, boolean>> = {
  sqlite: true,
  other: false,
  missing: false,
}

/**
 * Reads the arguments behind the program's name. A positional argument is a database when it is a
 * URI, libpq's `host=… dbname=…`, an existing SQLite file or has the name of one; otherwise it is a
 * configuration file.
 *
 * Errors  one sentence; `helpText` says the rest. An argument that could hold a password is not
 *         quoted
 */
export function parseCommand(
  argv: readonly string[],
  look: { readonly fileKind: (path: string) => FileKind },
): Result<Command, string> {
  const parsed = parseFlags(argv)
  if (!parsed.ok) return parsed
  const { values } = parsed.value
  const printing = printingCommands.find((name) => values[name] === true)
  if (printing !== undefined) return ok({ kind: printing })
  const commands = configuredCommands.filter((name) => values[name] === true)
  const given = [...commands, ...(values.types === undefined ? [] : ['types'])]
  if (given.length > 1) return err(`use one of ${given.map((name) => `--${name}`).join(', ')}`)
  const types = readTypesFlags(values)
  if (!types.ok) return types
  const isAboutMark = given.length === 0 && parsed.value.positionals[0] === 'schema-mark'
  const positionals = isAboutMark ? parsed.value.positionals.slice(2) : parsed.value.positionals
  const action = markActions.find((name) => isAboutMark && name === parsed.value.positionals[1])
  if (isAboutMark && action === undefined) {
    return err(`use one of ${markActions.map((name) => `schema-mark ${name}`).join(', ')}`)
  }
  const [, unexpected] = positionals
  if (unexpected !== undefined) return err(`unexpected argument ${quoted(unexpected)}`)
  if (values.redact === true && commands[0] !== 'dump-config') {
    return err('--redact goes with --dump-config')
  }
  if (values.open === true && (isAboutMark || given.length > 0)) {
    return err('--open goes with serving a database')
  }

  const [positional] = positionals
  const isDatabase = positional !== undefined && namesDatabase(positional, look.fileKind)
  const configFile = values.config ?? (isDatabase ? undefined : positional)
  if (!isDatabase && positional !== undefined && positional !== configFile) {
    return err(`two configuration files: ${quoted(configFile)} and ${quoted(positional)}`)
  }
  const { defaults } = values
  for (const file of [configFile, defaults]) {
    if (file !== undefined && look.fileKind(file) === 'missing') {
      return err(`there is no configuration file ${quoted(file)}`)
    }
  }
  const isFile = isDatabase && !isDatabaseUri(positional) && !isConninfo(positional)
  if (isFile && look.fileKind(positional) === 'missing') {
    return err(`there is no database file ${quoted(positional)}`)
  }
  const options = optionsOfFlags(values)
  const places = {
    ...(configFile === undefined ? {} : { configFile }),
    ...(defaults === undefined ? {} : { defaultsFile: defaults }),
    ...(isDatabase ? { database: positional } : {}),
    ...(options.size === 0 ? {} : { options }),
  }
  if (action !== undefined) return ok({ kind: 'schema-mark', action, ...places })
  if (types.value !== null) return ok({ ...types.value, ...places })
  return ok({
    kind: commands[0] ?? 'run',
    ...places,
    ...(values.redact === true ? { isRedacted: true } : {}),
    ...(values.open === true ? { opensBrowser: true } : {}),
  })
}

interface TypesFlags {
  readonly types?: string
  readonly out?: string
  readonly watch?: boolean
}

type TypesCommand = Extract<ConfiguredCommand, { readonly kind: 'types' | 'watch-types' }>

/** Null where no types are asked for. */
function readTypesFlags({ types, out, watch }: TypesFlags): Result<TypesCommand | null, string> {
  const extra = out !== undefined ? '--out' : watch === true ? '--watch' : null
  if (types === undefined) return extra === null ? ok(null) : err(`${extra} goes with --types`)
  if (types !== 'typescript') return err('use --types typescript')
  if (out === '') return err('--out needs the name of a file')
  if (watch !== true) return ok({ kind: 'types', ...(out === undefined ? {} : { out }) })
  return out === undefined ? err('--watch goes with --out') : ok({ kind: 'watch-types', out })
}

/** For detecting the engine of a database that is named by its file. */
export function isSqliteFile(path: string): boolean {
  return isDatabaseFile[fileKind(path)]
}

export function versionText(): string {
  return `${productName} ${productVersion} (${contractName} ${contractVersion})\n`
}

export function helpText(): string {
  return `${productName} ${productVersion}: a REST API for a PostgreSQL, MongoDB or SQLite database, with the contract of ${contractName} ${contractVersion}

Usage: ${productName} [OPTIONS] [FILE | DATABASE]
       ${productName} schema-mark install | print | remove [OPTIONS] [FILE | DATABASE]

  FILE      configuration file; options may also come from the environment (PGRST_*, DBREST_*)
  DATABASE  postgresql://…, 'host=… dbname=…', mongodb://… or a SQLite file; served to this
            machine alone, unless --host or server-host is set

  schema-mark puts event triggers into a PostgreSQL database that mark each change of
  its schema, shows their SQL, or takes them away

Options:
  --port N         serve the API on this port, as server-port; 0 for a free one
  --host HOST      on this address, as server-host
  --admin-port N   serve probes, metrics and the dashboard there, as admin-server-port
  --schema NAMES   the schemas to serve, separated by commas, as db-schemas
  --anon-role ROLE the role of requests without a token, as db-anon-role
  --read-only      refuse every write to SQLite or MongoDB, as db-read-only
  --open           open the dashboard, or else the API, in a browser
  --config FILE    configuration file, beside a DATABASE
  --defaults FILE  options that count where nothing else sets them, in the same syntax
  --check          load configuration and schema once, print what would be served, and exit
                   with 0, or with 1 where not all of it could be
  --dump-config    print the configuration in effect, secrets included, and exit
  --redact         with --dump-config: without secrets, db-uri and app.settings
  --dump-schema    print the schema as JSON and exit
  --types typescript
                   print the schema as types for supabase-js and exit
  --out FILE       with --types: into this file
  --watch          with --types and --out: go on, and write the file after each change
  --ready          ask a running server's admin port whether it is ready, and exit
  --health         ask a running server's admin port whether it serves requests, and exit
  -e, --example    print an example configuration file and exit
  -v, --version    print the version and exit
  -h, --help       print this text and exit
`
}

export interface ProbeResult {
  readonly exitCode: 0 | 1
  readonly stdout: string
  readonly stderr: string
}

/**
 * Asks the admin server that this configuration describes. `ready` speaks as PostgREST does, and
 * refuses a host that is no address; `health` asks such a host, or a Unix socket, from this machine.
 *
 * Rule    PostgREST docs: cli (ready flag)
 */
export async function probe(kind: 'ready' | 'health', config: Config): Promise<ProbeResult> {
  const socketPath = kind === 'health' ? config.adminServerUnixSocket : null
  if (config.adminServerPort === null && socketPath === null) {
    return failed('Admin server is not running. Please check admin-server-port config.')
  }
  const loopback = loopbacks.get(config.adminServerHost)
  if (kind === 'ready' && loopback !== undefined) {
    return failed(
      `The \`--ready\` flag cannot be used when server-host is configured as "${config.adminServerHost}". Please update your server-host config to "localhost".`,
    )
  }
  const host = loopback ?? config.adminServerHost
  const address = host.includes(':') ? `[${host}]` : host
  const url =
    socketPath === null
      ? `http://${address}:${config.adminServerPort}/${kind}`
      : `http://localhost/${kind}`
  if (!URL.canParse(url)) return failed(`invalid url - ${url}`)
  const label = socketPath === null ? url : `${socketPath}: /${kind}`
  const status = await statusOf(url, socketPath)
  if (status === null) return failed(`connection refused to ${label}`)
  if (status < 200 || status > 299) return failed(label)
  return { exitCode: 0, stdout: `OK: ${label}\n`, stderr: '' }
}

/** Hosts that say what to bind, and where this machine reaches what is bound there. */
const loopbacks: ReadonlyMap<string, string> = new Map([
  ['*', '127.0.0.1'],
  ['*4', '127.0.0.1'],
  ['!4', '127.0.0.1'],
  ['*6', '::1'],
  ['!6', '::1'],
])

const probeTimeoutMs = 10_000

/** Null when there is no answer. */
function statusOf(url: string, socketPath: string | null): Promise<number | null> {
  return new Promise((resolve) => {
    const options = {
      agent: false,
      signal: AbortSignal.timeout(probeTimeoutMs),
      ...(socketPath === null ? {} : { socketPath }),
    }
    get(url, options, (response) => {
      response.resume()
      resolve(response.statusCode ?? null)
    }).on('error', () => resolve(null))
  })
}

function failed(message: string): ProbeResult {
  return { exitCode: 1, stdout: '', stderr: `ERROR: ${message}\n` }
}

/** As a message quotes it, unless it could be a database with a password. */
function quoted(argument: string | undefined): string {
  return argument !== undefined && !mayHoldPassword(argument)
    ? `'${argument}'`
    : '(not shown, since it may hold a password)'
}

function namesDatabase(argument: string, look: (path: string) => FileKind): boolean {
  if (isDatabaseUri(argument) || hasSqliteName(argument)) return true
  const kind = look(argument)
  return isDatabaseFile[kind] || (kind === 'missing' && isConninfo(argument))
}
