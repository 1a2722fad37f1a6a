/**
 * One option: its names, kind, default, and when a changed value takes effect. `options.ts` holds
 * the table of them all; what is derived from it says more of each part.
 */
import type { Config } from './config.ts'
import type { ConfiguredEngine } from './detect-engine.ts'
import type { OptionKind } from './option-kinds.ts'

/**
 * `live`: with the reload of the configuration; `schema`: that, and the next schema load; `boot`:
 * with a restart.
 */
export type ReloadClass = 'live' | 'schema' | 'boot'

export interface Option<T> {
  readonly name: string
  readonly aliases: readonly string[]
  /** Names by strength: the first that gives a value decides. */
  readonly lookup: readonly string[]
  readonly kind: OptionKind<T>
  readonly fallback: (engine: ConfiguredEngine) => T
  /** Says in words what the default is, where a value does not tell. */
  readonly defaultNote: string | null
  readonly reload: ReloadClass
  /** May be set in the database. */
  readonly inDatabase: boolean
  /** Accepted, but neither dumped nor documented. */
  readonly isHidden: boolean
  /** Its value is in no message, and in a dump only where that is not redacted. */
  readonly isSecret: boolean
  /** Markdown. */
  readonly doc: string
}

/** `app.settings.*` is no single option. */
export type OptionKey = Exclude<keyof Config, 'appSettings' | 'given'>

/** Values of some options. */
export type OptionValues = Partial<Pick<Config, OptionKey>>

export type OptionTable<Keys extends OptionKey = OptionKey> = {
  readonly [Key in Keys]: Option<Config[Key]>
}

interface OptionTraits {
  readonly aliases?: readonly string[]
  readonly lookup?: readonly string[]
  readonly defaultNote?: string
  readonly reload?: ReloadClass
  readonly inDatabase?: true
  readonly isHidden?: true
  readonly isSecret?: true
  readonly doc?: string
}

export function option<T>(
  name: string,
  kind: OptionKind<T>,
  fallback: T,
  traits: OptionTraits,
): Option<T> {
  return optionByEngine(name, kind, () => fallback, traits)
}

export function optionByEngine<T>(
  name: string,
  kind: OptionKind<T>,
  fallback: (engine: ConfiguredEngine) => T,
  traits: OptionTraits,
): Option<T> {
  const aliases = traits.aliases ?? []
  return {
    name,
    kind,
    fallback,
    aliases,
    lookup: traits.lookup ?? [name, ...aliases],
    defaultNote: traits.defaultNote ?? null,
    reload: traits.reload ?? 'live',
    inDatabase: traits.inDatabase ?? false,
    isHidden: traits.isHidden ?? false,
    isSecret: traits.isSecret ?? false,
    doc: traits.doc ?? '',
  }
}
