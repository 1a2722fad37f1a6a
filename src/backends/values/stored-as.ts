/**
 * A date, a time, a moment or a uuid in the form in which its column stores them, so that what is
 * written sorts and compares with what is there. Where there is nothing yet, or nothing in common, it
 * is the form of PostgreSQL.
 *
 * Differs  what a form has no place for is written all the same: seconds where there are minutes
 */
import { dayNumber, microsPerDay, momentAt, momentText } from './moment.ts'
import type { StoredForm } from './stored-form.ts'
import type { TypedValue } from './typed-value.ts'
import type { ValueKind } from './value-kind.ts'

/** `text` is as `parseTypedText` gives it. */
export function storedAs(kind: ValueKind, form: StoredForm, text: string): TypedValue {
  switch (kind) {
    case 'uuid':
      return uuidAs(form, text.toLowerCase())
    case 'date':
    case 'time':
    case 'timestamp':
      return momentAs(kind, form, text)
    default:
      return text
  }
}

function uuidAs(form: StoredForm, uuid: string): TypedValue {
  if (form === 'bytes') return Buffer.from(uuid.replaceAll('-', ''), 'hex')
  return form === 'upper' ? uuid.toUpperCase() : uuid
}

const written = /^(\d{4})-(\d{2})-(\d{2})(?: (\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?)?$/

function momentAs(kind: 'date' | 'time' | 'timestamp', form: StoredForm, text: string): TypedValue {
  const fields = written.exec(text)
  // times are stored in one form, and `infinity` as it is written
  if (fields === null || kind === 'time') return text
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields
    .slice(1, 7)
    .map((field) => Number(field ?? 0))
  const fraction = Number((fields[7] ?? '').padEnd(6, '0'))
  const micros = ((hour * 60 + minute) * 60 + second) * 1e6 + fraction
  return numberAs(form, dayNumber(year, month, day), micros) ?? textAs(kind, form, text, micros)
}

/** Null for forms of text. */
function numberAs(form: StoredForm, day: number, micros: number): TypedValue {
  const total = BigInt(day) * BigInt(microsPerDay) + BigInt(micros)
  switch (form) {
    case 'seconds':
      return total % 1_000_000n === 0n ? total / 1_000_000n : Number(total) / 1e6
    case 'milliseconds':
      return total % 1000n === 0n ? total / 1000n : Number(total) / 1e3
    case 'julian days':
      return day + 2440587.5 + micros / microsPerDay
    default:
      return null
  }
}

const textForm =
  /^0000-00-00(?:(?<between>[ T])00:00(?<seconds>:00)?(?:\.(?<fraction>0+))?(?<zone> ?(?:Z|[+-]\d{2}:?\d{2}))?)?$/

function textAs(
  kind: 'date' | 'timestamp',
  form: StoredForm,
  text: string,
  micros: number,
): string {
  const fields = textForm.exec(form)?.groups
  if (fields === undefined) return text
  const { between, seconds, fraction = '', zone = '' } = fields
  // a day alone, of a column that holds nothing else
  if (between === undefined) return micros === 0 ? text.slice(0, 10) : text
  const [day = '', clock = '00:00:00'] = shifted(text, micros, zone).split(' ')
  const [whole = '', parts = ''] = clock.split('.')
  const hasSeconds = seconds !== undefined || parts !== '' || !whole.endsWith(':00')
  const digits = parts.padEnd(fraction.length, '0')
  const time = hasSeconds ? `${whole}${digits === '' ? '' : `.${digits}`}` : whole.slice(0, 5)
  return kind === 'date' && zone !== '' ? text : `${day}${between}${time}${zone}`
}

/** The clock that a zone shows of a moment in UTC. */
function shifted(text: string, micros: number, zone: string): string {
  const [, sign = '', hours = '0', minutes = '0'] = /([+-])(\d{2}):?(\d{2})/.exec(zone) ?? []
  const offset = (Number(hours) * 60 + Number(minutes)) * 60e6 * (sign === '-' ? -1 : 1)
  if (offset === 0) return text
  const [year = 1, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number)
  const moment = momentAt(dayNumber(year, month, day), micros + offset)
  return moment === null ? text : momentText('timestamp', moment)
}
