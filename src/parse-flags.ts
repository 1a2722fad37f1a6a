/**
 * The flags of the command line: which there are, which of them set an option of the configuration, and
 * what is said of one that there is not. What they mean together is left to `cli.ts`.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { mayHoldPassword } from './config/file/file-value.ts'
import type { FoundValue } from './config/option-sources.ts'
import { environmentNamesOf, optionKeys, options } from './config/options.ts'
import { createFuzzySet } from './core/fuzzy-set.ts'
import { productName } from './core/product.ts'
import { err, ok } from './core/result.ts'

/** The options that have a flag, stronger than every other source. */
const optionFlags = {
  port: options.serverPort.name,
  host: options.serverHost.name,
  'admin-port': options.adminServerPort.name,
  schema: options.dbSchemas.name,
  'anon-role': options.dbAnonRole.name,
  'read-only': options.dbReadOnly.name,
} as const

const flags = {
  config: { type: 'string' },
  defaults: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  'admin-port': { type: 'string' },
  schema: { type: 'string' },
  'anon-role': { type: 'string' },
  'read-only': { type: 'boolean' },
  open: { type: 'boolean' },
  check: { type: 'boolean' },
  'dump-config': { type: 'boolean' },
  redact: { type: 'boolean' },
  types: { type: 'string' },
  out: { type: 'string' },
  watch: { type: 'boolean' },
  'dump-schema': { type: 'boolean' },
  ready: { type: 'boolean' },
  health: { type: 'boolean' },
  example: { type: 'boolean', short: 'e' },
  version: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies NonNullable<ParseArgsConfig['options']>

/** Long names may have one dash: `-config FILE`. */
export function parseFlags(argv: readonly string[]) {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const args = argv.map((argument, index) => {
    const name = /^-([a-z-]{2,})(?:=|$)/.exec(argument)?.[1]
    return index < end && name !== undefined && Object.hasOwn(flags, name)
      ? `-${argument}`
      : argument
  })
  try {
    return ok(parseArgs({ args, options: flags, allowPositionals: true }))
  } catch (failure) {
    if (!(failure instanceof TypeError)) throw failure
    // messages quote flags, and of `--name=value` the name alone
    const isSafe = args.every(
      (argument) => !argument.startsWith('-') || !mayHoldPassword(argument.replace('=', ' ')),
    )
    if (!isSafe) return err(`unknown option; ${seeHelp}`)
    const unknown = unknownFlag(args)
    return err(unknown === null ? failure.message : aboutUnknown(unknown))
  }
}

const seeHelp = `see ${productName} --help`

/** As it was written; null: what is wrong is something else. */
function unknownFlag(args: readonly string[]): string | null {
  const { tokens } = parseArgs({
    args: [...args],
    options: flags,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const token = tokens.find((each) => each.kind === 'option' && !Object.hasOwn(flags, each.name))
  return token?.kind === 'option' ? token.rawName : null
}

/** How alike two names have to be. */
const minScore = 0.5

function aboutUnknown(flag: string): string {
  const name = flag.replace(/^-+/, '')
  const ofOption = Object.entries(optionFlags).find(([, option]) => option === name)?.[0]
  const nearest = ofOption ?? createFuzzySet(Object.keys(flags)).best(name, minScore)
  const isOption = optionKeys.some((key) => options[key].name === name)
  const [variable] = environmentNamesOf(name)
  if (isOption && ofOption === undefined) {
    return `Unknown option '${flag}': ${name} is set by ${variable} or in a file; ${seeHelp}`
  }
  const start = `Unknown option '${flag}'`
  return nearest === null
    ? `${start}; ${seeHelp}`
    : `${start}: is --${nearest} meant? Otherwise ${seeHelp}`
}

/** Values by option. Shape  `{ port: '80' }` → `server-port` is 80, by `--port` */
export function optionsOfFlags(
  values: Readonly<Partial<Record<string, string | boolean>>>,
): ReadonlyMap<string, FoundValue> {
  return new Map(
    Object.entries(optionFlags).flatMap(([flag, option]) => {
      const value = values[flag]
      return value === undefined ? [] : [[option, { value, place: `--${flag}` }] as const]
    }),
  )
}
