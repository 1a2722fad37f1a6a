/**
 * Configured values and what an engine can do → the options that it cannot honour. Given by hand
 * they refuse the start, since a server without them would do less than its operator counts on: a
 * check of requests that is not made, a reload that never comes. Options without which nothing is
 * missing, such as a search path on an engine without functions, are let pass.
 */
import { isDeepStrictEqual } from 'node:util'
import type { OptionKey, OptionValues } from '../config/option.ts'
import { optionKeys, options } from '../config/options.ts'
import { type EngineAbilities, features } from './capabilities.ts'
import { type EnforcedAt, type Enforcement, enforcement } from './enforcement.ts'

export interface UnhonouredOption {
  readonly key: OptionKey
  /** For people, naming option and engine. */
  readonly problem: string
}

/**
 * `abilities` are null for an engine that cannot be opened at all, which is a problem of its own.
 *
 * Shape   `{ dbPreRequest: 'check' }` on SQLite → "db-pre-request is set, but SQLite has no …: unset it"
 */
export function unhonouredOptions(
  abilities: EngineAbilities | null,
  values: OptionValues,
): readonly UnhonouredOption[] {
  if (abilities === null) return []
  const { engine, grades } = abilities
  const lacking = features.flatMap((feature) => {
    const enforced: Enforcement = enforcement[feature]
    if (grades[feature] !== 'unsupported' || !('options' in enforced)) return []
    const harmless = enforced.options
    // a feature that is switched off asks for nothing, whatever else is said of it
    const isOff = optionKeys.some((key) => harmless[key] === false && values[key] === false)
    if (isOff) return []
    return optionKeys
      .filter((key) => Object.hasOwn(harmless, key) && Object.hasOwn(values, key))
      .filter((key) => !isDeepStrictEqual(values[key], harmless[key]))
      .map((key) => {
        const problem = `${options[key].name} is set, but ${engine} ${enforced.without}: unset it`
        return { key, problem }
      })
  })
  return [...lacking, ...unusedStandIns(abilities, values)]
}

/**
 * Options that stand in for a feature which an engine has not of itself, and what one has that needs
 * none. Two sets of rules would leave open which of them holds.
 */
const standIns = [
  {
    key: 'functionRegistry',
    feature: 'functions',
    has: 'has functions of its own',
  },
  {
    key: 'policyRegistry',
    feature: 'roles',
    has: 'has roles, grants and row policies of its own',
  },
] as const satisfies readonly {
  readonly key: OptionKey
  readonly feature: EnforcedAt<'inexpressible'> | 'functions'
  readonly has: string
}[]

/** A stand-in is honoured where it makes the engine's grade what it is: emulated. */
function unusedStandIns(
  { engine, grades }: EngineAbilities,
  values: OptionValues,
): readonly UnhonouredOption[] {
  return standIns
    .filter(({ key, feature }) => grades[feature] !== 'emulated' && (values[key] ?? null) !== null)
    .map(({ key, feature, has }) => {
      const reason = grades[feature] === 'unsupported' ? enforcement[feature].without : has
      return { key, problem: `${options[key].name} is set, but ${engine} ${reason}: unset it` }
    })
}
