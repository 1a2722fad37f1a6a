/**
 * Reads the `Prefer` headers into the known preferences and the list of unknown ones. A header may
 * hold several, there may be several headers; of a preference given twice the first counts.
 *
 * Rule  PostgREST docs: preferences
 */
import type { Preferences } from './api-request.ts'

type Choice = Omit<Preferences, 'invalid' | 'timezone' | 'maxAffected'>

const choices: ReadonlyMap<string, Choice> = new Map<string, Choice>([
  ['resolution=merge-duplicates', { resolution: 'merge-duplicates' }],
  ['resolution=ignore-duplicates', { resolution: 'ignore-duplicates' }],
  ['return=representation', { return: 'representation' }],
  ['return=headers-only', { return: 'headers-only' }],
  ['return=minimal', { return: 'minimal' }],
  ['count=exact', { count: 'exact' }],
  ['count=planned', { count: 'planned' }],
  ['count=estimated', { count: 'estimated' }],
  ['tx=commit', { tx: 'commit' }],
  ['tx=rollback', { tx: 'rollback' }],
  ['missing=default', { missing: 'default' }],
  ['missing=null', { missing: 'null' }],
  ['handling=strict', { handling: 'strict' }],
  ['handling=lenient', { handling: 'lenient' }],
])

const noPreferences: Preferences = Object.freeze({ invalid: Object.freeze([]) })

const timezonePrefix = 'timezone='
const maxAffectedPrefix = 'max-affected='

/**
 * `mayChooseTx`: whether `db-tx-end` lets clients choose; else `tx` is accepted and ignored.
 *
 * Shape  ['count=exact, foo', 'tx=rollback'] → count, tx and one invalid
 */
export function parsePrefer(headers: readonly string[], mayChooseTx: boolean): Preferences {
  if (headers.length === 0) return noPreferences
  let found: Choice = {}
  let timezone: string | undefined
  let maxAffected: string | undefined
  const invalid: string[] = []
  for (const part of headers.flatMap((header) => header.split(','))) {
    const text = part.trim()
    const choice = choices.get(text)
    if (choice !== undefined) {
      if (choice.tx === undefined || mayChooseTx) found = { ...choice, ...found }
    } else if (text.startsWith(timezonePrefix)) timezone ??= text.slice(timezonePrefix.length)
    else if (text.startsWith(maxAffectedPrefix)) {
      maxAffected ??= text.slice(maxAffectedPrefix.length)
    } else invalid.push(text)
  }
  const isCount = maxAffected !== undefined && /^\s*-?\d+\s*$/.test(maxAffected)
  return {
    ...found,
    ...(timezone === undefined ? {} : { timezone }),
    ...(isCount ? { maxAffected: Number(maxAffected) } : {}),
    invalid,
  }
}

/** Equal for preferences that differ only in the time zone's name or the number of rows. */
export function preferenceShape(preferences: Preferences): string {
  if (preferences === noPreferences) return ''
  const { resolution, count, tx, missing, handling, timezone, maxAffected } = preferences
  const zone = timezone === undefined ? '' : 'timezone'
  const rows = maxAffected === undefined ? '' : 'max-affected'
  // Unknown preferences decide something under strict handling only.
  const unknown = handling === 'strict' ? JSON.stringify(preferences.invalid) : ''
  return `${resolution},${preferences.return},${count},${tx},${missing},${handling},${zone},${rows}${unknown}`
}
