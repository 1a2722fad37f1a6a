/**
 * What values that some program stored stand for as dates, times and moments, in microseconds: texts
 * in any spelling that an operand may have, numbers by their size. Null for what is no date.
 */
import { type Moment, microsPerDay, momentMicros } from './moment.ts'
import { readMoment } from './parse-date-time.ts'
import { firstJulianDay, firstMillisecond, lastJulianDay } from './stored-form.ts'

/** `now` in a stored text is no moment. */
const noWord = /\d|^\s*[+-]?infinity\s*$/i

const unused = new Date(0)

/** Microseconds since 1970; a number's size says whether it counts seconds, milliseconds or days. */
export function storedInstant(value: unknown): bigint | number | null {
  if (typeof value === 'bigint') return ofNumber(Number(value), value)
  if (typeof value === 'number') return ofNumber(value, null)
  const moment = ofText('timestamp', value)
  return moment === null ? null : momentMicros(moment)
}

/** The same of the day's midnight. A text's zone does not move its day. */
export function storedDay(value: unknown): bigint | number | null {
  if (typeof value === 'string') {
    const moment = ofText('date', value)
    return moment === null ? null : momentMicros(moment)
  }
  const instant = storedInstant(value)
  if (typeof instant !== 'bigint') return instant
  const day = BigInt(microsPerDay)
  const ofDay = ((instant % day) + day) % day
  return instant - ofDay
}

/** Microseconds of the day. */
export function storedTime(value: unknown): bigint | number | null {
  const moment = ofText('time', value)
  return moment === null ? null : momentMicros(moment)
}

function ofText(type: 'date' | 'time' | 'timestamp', value: unknown): Moment | null {
  if (typeof value !== 'string' || !noWord.test(value)) return null
  const read = readMoment(type, value, unused)
  return read.ok ? read.value : null
}

/** SQLite's Julian days are exact to the millisecond. */
function ofNumber(value: number, whole: bigint | null): bigint | number {
  const isJulian = value >= firstJulianDay && value <= lastJulianDay
  const isMillis = Math.abs(value) >= firstMillisecond
  if (whole !== null && !isJulian) {
    const micros = whole * (isMillis ? 1000n : 1_000_000n)
    return BigInt.asIntN(64, micros) === micros ? micros : Number(micros)
  }
  const micros = isJulian
    ? Math.round((value - 2440587.5) * 86_400_000) * 1000
    : Math.round(value * (isMillis ? 1e3 : 1e6))
  return Number.isSafeInteger(micros) ? BigInt(micros) : micros
}
