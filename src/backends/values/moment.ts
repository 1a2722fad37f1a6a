/**
 * Days and microseconds: what dates, times and moments are once they are read, whatever their
 * spelling was. The years are 1 to 9999, which have four digits, so that texts sort as moments do.
 */

export type Moment =
  /** Days since 1970-01-01, and microseconds of that day (a time may be 24:00). */
  | { readonly kind: 'finite'; readonly day: number; readonly micros: number }
  | { readonly kind: 'infinite'; readonly sign: 1 | -1 }

export const microsPerDay = 86_400_000_000

const firstDay = dayNumber(1, 1, 1)
const lastDay = dayNumber(9999, 12, 31)

/** Days since 1970-01-01. */
export function dayNumber(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime() / 86_400_000
}

export function daysInMonth(year: number, month: number): number {
  return dayNumber(month === 12 ? year + 1 : year, (month % 12) + 1, 1) - dayNumber(year, month, 1)
}

/** `micros` may lie outside of the day. Null: before the year 1, after the year 9999. */
export function momentAt(day: number, micros: number): Moment | null {
  const carried = Math.floor(micros / microsPerDay)
  const moved = day + carried
  if (moved < firstDay || moved > lastDay) return null
  return { kind: 'finite', day: moved, micros: micros - carried * microsPerDay }
}

/** Microseconds since 1970, or an infinity. */
export function momentMicros(moment: Moment): bigint | number {
  if (moment.kind === 'infinite') return moment.sign * Infinity
  return BigInt(moment.day) * BigInt(microsPerDay) + BigInt(moment.micros)
}

/** Null: before the year 1, after the year 9999. */
export function momentOfMicros(micros: bigint): Moment | null {
  const perDay = BigInt(microsPerDay)
  const ofDay = ((micros % perDay) + perDay) % perDay
  return momentAt(Number((micros - ofDay) / perDay), Number(ofDay))
}

/** Shape   `2024-02-29`; days that have no four digits are cut off at the years that have */
export function dayText(day: number): string {
  const bounded = Math.min(Math.max(day, firstDay), lastDay)
  return new Date(bounded * 86_400_000).toISOString().slice(0, 10)
}

/** Shape   `12:30:00`, `12:30:00.25`, `24:00:00` */
function clockText(micros: number): string {
  const seconds = Math.floor(micros / 1e6)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':')
  const fraction = String(micros % 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return fraction === '' ? clock : `${clock}.${fraction}`
}

/** As PostgreSQL writes the type, a moment in UTC. */
export function momentText(type: 'date' | 'time' | 'timestamp', moment: Moment): string {
  if (moment.kind === 'infinite') return moment.sign === 1 ? 'infinity' : '-infinity'
  switch (type) {
    case 'date':
      return dayText(moment.day)
    case 'time':
      return clockText(moment.micros)
    case 'timestamp':
      return `${dayText(moment.day)} ${clockText(moment.micros)}`
  }
}
