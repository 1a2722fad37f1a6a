/**
 * The form in which a column's dates, times or uuids are stored, where the engine takes any: told from
 * a sample of its values. Values of one form sort as what they stand for, so that the column itself
 * can be sorted; filters hold for every form and only choose by it how an index is used.
 *
 * Shape   texts with every digit as 0: `0000-00-00 00:00:00`, `0000-00-00T00:00:00.000Z`; numbers
 *         `seconds`, `milliseconds`, `julian days`; uuids `lower`, `upper`, `bytes`
 */

/** `none`: there was no value. `mixed`: several forms, or one that does not sort as its values do. */
export type StoredForm = string

const temporalText =
  /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?|^\d{2}:\d{2}:\d{2}(?:\.\d+)?$/
const hyphenated = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** Years -1975 to 8976, as Julian days; as seconds, two months of 1970. */
export const firstJulianDay = 1e6
export const lastJulianDay = 5e6

/** From here on a whole number counts milliseconds, as JavaScript does; below it, seconds. */
export const firstMillisecond = 100_000_000_000

/** Of the values that are not null. */
export function storedForm(values: Iterable<unknown>): StoredForm {
  const forms = new Set<StoredForm>()
  for (const value of values) if (value !== null) forms.add(formOf(value))
  const [form = 'none'] = forms
  return forms.size > 1 ? 'mixed' : form
}

function formOf(value: unknown): StoredForm {
  if (typeof value === 'string') return formOfText(value)
  if (value instanceof Uint8Array) return value.length === 16 ? 'bytes' : 'mixed'
  if (typeof value !== 'number' && typeof value !== 'bigint') return 'mixed'
  if (value >= firstJulianDay && value <= lastJulianDay) return 'julian days'
  return Math.abs(Number(value)) >= firstMillisecond ? 'milliseconds' : 'seconds'
}

function formOfText(text: string): StoredForm {
  if (hyphenated.test(text)) return 'lower'
  if (/[A-F]/.test(text) && hyphenated.test(text.toLowerCase())) return 'upper'
  const [found] = temporalText.exec(text) ?? []
  if (found === undefined) return 'mixed'
  const zone = text.slice(found.length)
  if (!/^(?: ?(?:Z|[+-]\d{2}:?\d{2}))?$/.test(zone)) return 'mixed'
  const digits = found.replace(/\d/g, '0')
  // a fraction sorts right behind none, unless a zone follows
  return zone === '' ? digits.replace(/\..*/, '') : `${digits}${zone}`
}

/** The column sorts as its values do. */
export function sortsByValue(form: StoredForm): boolean {
  return form !== 'mixed' && form !== 'none'
}

/** Numbers are what the column mostly holds. */
export function isNumeric(form: StoredForm): boolean {
  return form === 'seconds' || form === 'milliseconds' || form === 'julian days' || form === 'mixed'
}
