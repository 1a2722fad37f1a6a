/**
 * Texts as dates, times and moments, by PostgreSQL's rules and with its messages. ISO 8601 is read in
 * the spellings that programs send, and PostgreSQL's words (`now`, `today`); what else PostgreSQL
 * would read (`Feb 29 2024`, `1/2/2024`) is refused as not implemented, and never read as something
 * else.
 *
 * A moment without a zone is in UTC, one with a zone is that instant.
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { dayNumber, daysInMonth, type Moment, microsPerDay, momentAt } from './moment.ts'
import { hasForeignBlank, trimBlanks } from './trim-blanks.ts'
import { valueFailure } from './value-failure.ts'

export type TemporalType = 'date' | 'time' | 'timestamp' | 'timestamp with time zone'

type Read = Result<Moment, DatabaseFailure>

/** `20240229` and `2024-2-29`, time and zone after a blank or a `T`, seconds and the rest optional. */
const dated =
  /^(?:(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,3})|(?<ymd>\d{8}))(?:(?:\s+|t)(?<clock>\d+:\d+(?::\d+(?:\.\d*)?)?|\d{4}(?:\d{2}(?:\.\d*)?)?))?(?:\s*(?<zone>z|zulu|utc|gmt|[+-]\s*\d[\d:]*))?$/i

/** For times: the date before it is only looked at. */
const timed =
  /^(?:(?:(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,3})|(?<ymd>\d{8}))\s+(?=\d+:)|t)?(?<clock>\d+:\d+(?::\d+(?:\.\d*)?)?|\d{4}(?:\d{2}(?:\.\d*)?)?)(?:\s*(?<zone>z|zulu|utc|gmt|[+-]\s*\d[\d:]*))?$/i

/**
 * Shape   of a date the day at midnight, of a time its microseconds on day 0
 * Errors  22007: no date · 22008: a day or an hour that there is not · 22009: such a zone · 0A000:
 *         PostgreSQL would read it, we do not
 */
export function readMoment(type: TemporalType, text: string, now: Date): Read {
  // the patterns below take any blank
  if (hasForeignBlank(text)) return invalid(type, text)
  const trimmed = trimBlanks(text)
  const special = readWord(type, trimmed.toLowerCase(), now)
  if (special !== null) return ok(special)
  const groups = (type === 'time' ? timed : dated).exec(trimmed)?.groups
  return groups === undefined ? refuse(type, text, trimmed) : readFields(type, text, groups)
}

type Fields = Readonly<Record<string, string | undefined>>

function readFields(type: TemporalType, text: string, fields: Fields): Read {
  const { year, month, day, ymd, clock, zone } = fields
  const outOfRange = (hint: string | null) =>
    err(valueFailure('22008', `date/time field value out of range: "${text}"`, { hint }))
  const micros = clock === undefined ? 0 : readClock(clock)
  if (micros === null) return outOfRange(null)
  const offset = zone === undefined ? 0 : readZone(zone)
  if (offset === null) {
    return err(valueFailure('22009', `time zone displacement out of range: "${text}"`))
  }
  if (year === undefined && ymd === undefined) return ok({ kind: 'finite', day: 0, micros })
  const y = Number(year ?? ymd?.slice(0, 4))
  const m = Number(month ?? ymd?.slice(4, 6))
  const d = Number(day ?? ymd?.slice(6))
  if (m < 1 || m > 12 || d < 1 || d > 31) {
    return outOfRange('Perhaps you need a different "DateStyle" setting.')
  }
  if (y === 0 || d > daysInMonth(y, m)) return outOfRange(null)
  const number = dayNumber(y, m, d)
  switch (type) {
    case 'date':
      return ok({ kind: 'finite', day: number, micros: 0 })
    case 'time':
      return ok({ kind: 'finite', day: 0, micros })
    case 'timestamp':
    case 'timestamp with time zone': {
      const moment = momentAt(number, micros - offset)
      return moment === null ? notRead() : ok(moment)
    }
  }
}

/** Microseconds of the day; 24:00 is its end. Null for an hour that there is not. */
function readClock(clock: string): number | null {
  const spelled = clock.includes(':')
    ? clock
    : clock.replace(/^(\d{2})(\d{2})/, '$1:$2').replace(/^(.{5})(?=\d)/, '$1:')
  const [hour = '', minute = '', rest = '0'] = spelled.split(':')
  const [second = '', fraction = ''] = rest.split('.')
  const seconds = Number(second)
  if (Number(hour) > 24 || Number(minute) > 59 || seconds > 60) return null
  const micros =
    (Number(hour) * 3600 + Number(minute) * 60 + seconds) * 1e6 +
    Math.round(Number(`0.${fraction === '' ? '0' : fraction}`) * 1e6)
  return micros > microsPerDay ? null : micros
}

/** Microseconds east of Greenwich. */
function readZone(zone: string): number | null {
  if (/^[a-z]/i.test(zone)) return 0
  const [, sign, hours = '', minutes = '0', seconds = '0'] =
    /^([+-])\s*(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?$/.exec(zone) ?? []
  if (sign === undefined || Number(hours) > 15 || Number(minutes) > 59 || Number(seconds) > 59) {
    return null
  }
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e6
  return sign === '-' ? -offset : offset
}

function readWord(type: TemporalType, word: string, now: Date): Moment | null {
  const micros = now.getTime() * 1000
  const today = Math.floor(micros / microsPerDay)
  const ofDay = micros - today * microsPerDay
  if (type === 'time') {
    if (word === 'allballs') return { kind: 'finite', day: 0, micros: 0 }
    return word === 'now' ? { kind: 'finite', day: 0, micros: ofDay } : null
  }
  switch (word) {
    case 'now':
      return { kind: 'finite', day: today, micros: type === 'date' ? 0 : ofDay }
    case 'today':
      return { kind: 'finite', day: today, micros: 0 }
    case 'yesterday':
      return { kind: 'finite', day: today - 1, micros: 0 }
    case 'tomorrow':
      return { kind: 'finite', day: today + 1, micros: 0 }
    case 'epoch':
      return { kind: 'finite', day: 0, micros: 0 }
    case 'infinity':
    case '+infinity':
      return { kind: 'infinite', sign: 1 }
    case '-infinity':
      return { kind: 'infinite', sign: -1 }
    default:
      return null
  }
}

/** Words that PostgreSQL's own reading of dates knows, and names of zones. */
const known =
  /^(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec|sun|mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?)(?:uary|ruary|ch|il|ust|ember|tember|ober|day)?$|^(?:am|pm|ad|bc|at|on|j|t|z|utc|gmt|zulu|[ecmp][sd]t|now|today|yesterday|tomorrow|epoch|dst)$|^[a-z_]+\/[a-z_/]+$/i

/** Digits and punctuation in the form of a date, such as `1/2/2024`, `2024.060`. */
const datelike = /\d\s*[-/.]\s*\d/

function refuse(type: TemporalType, text: string, trimmed: string): Read {
  const hasClock = /\d:\d/.test(trimmed)
  const lacksPart = type === 'time' ? !hasClock || dated.test(trimmed) : /^t?\d+:\d/i.test(trimmed)
  if (lacksPart) return invalid(type, text)
  const words = trimmed.match(/[^\d\s:.,+\-;']+/g) ?? []
  if (words.some((word) => word !== '/' && !known.test(word))) return invalid(type, text)
  if (words.length > 0 && /\d/.test(trimmed)) return notRead()
  // digits alone: years are too short, and what has a month in it is said to be out of range
  if (/^\d+$/.test(trimmed) && trimmed.length !== 6) {
    if (trimmed.length < 5 && trimmed !== '0') return invalid(type, text)
    const hint = 'Perhaps you need a different "DateStyle" setting.'
    return err(valueFailure('22008', `date/time field value out of range: "${text}"`, { hint }))
  }
  const isRead =
    /^\d{6}$/.test(trimmed) || (datelike.test(trimmed) && !/^\d+[-.]\d+$/.test(trimmed))
  return isRead ? notRead() : invalid(type, text)
}

function invalid(type: TemporalType, text: string) {
  return err(valueFailure('22007', `invalid input syntax for type ${type}: "${text}"`))
}

function notRead() {
  return err(valueFailure('0A000', 'dates and times in other spellings than ISO 8601'))
}
