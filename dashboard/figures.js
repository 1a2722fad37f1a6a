/**
 * Figures of the server, one each second → rates and times of the last minute, with lines drawn of
 * them. Totals come in; what happened between two of them is what counts.
 */
import { drawn, element, say } from './page-elements.js'
import { duration } from './word-times.js'

/** @import { ServerFigures } from '../src/observe/server-figures.ts' */

/** Seconds that are drawn, and over which times of requests are estimated. */
const drawnSeconds = 60
const estimateSeconds = 10

/**
 * What lay between two figures.
 *
 * @typedef {object} Second
 * @property {number} rate  requests in a second
 * @property {number} failed  of these with 5xx
 * @property {number} count
 * @property {ReadonlyMap<number, number>} buckets  requests that took at most so many seconds
 */

/**
 * @param {ServerFigures} before
 * @param {ServerFigures} after
 * @returns {Second | null}  null: another process counts now
 */
export function between(before, after) {
  const seconds = (Date.parse(after.at) - Date.parse(before.at)) / 1000
  const count = after.requests.count - before.requests.count
  if (seconds <= 0 || count < 0) return null
  const were = new Map(before.requests.buckets)
  return {
    rate: count / seconds,
    failed: (after.requests.failed - before.requests.failed) / seconds,
    count,
    buckets: new Map(
      after.requests.buckets.map(([most, total]) => [most, total - (were.get(most) ?? 0)]),
    ),
  }
}

/**
 * The time under which this share of the requests was answered, by the histogram: within a bucket they
 * are taken to be spread evenly.
 *
 * @param {readonly Second[]} seconds
 * @param {number} share
 * @returns {number | null}  milliseconds; null: there were no requests
 */
export function quantile(seconds, share) {
  const count = seconds.reduce((sum, second) => sum + second.count, 0)
  if (count === 0) return null
  const wanted = share * count
  const bounds = [...(seconds[0]?.buckets.keys() ?? [])].sort((a, b) => a - b)
  let [lower, below] = [0, 0]
  for (const most of bounds) {
    const within = seconds.reduce((sum, { buckets }) => sum + (buckets.get(most) ?? 0), 0)
    if (within >= wanted && within > below) {
      return (lower + ((wanted - below) / (within - below)) * (most - lower)) * 1000
    }
    lower = most
    below = within
  }
  return lower * 1000
}

/** @param {HTMLElement} place */
export function createFigures(place) {
  const rate = tile('Requests a second', 'line')
  const time = tile('Answered within', 'line')
  const pool = tile('Connections in use', 'bar')
  const schema = tile('Schema', 'none')
  place.replaceChildren(rate.box, time.box, pool.box, schema.box)
  /** @type {ServerFigures | null} */
  let last = null
  /** @type {Second[]} */
  let minute = []
  /** @type {(number | null)[]} */
  let medians = []

  return {
    /** @param {ServerFigures} figures */
    add(figures) {
      const second = last === null ? null : between(last, figures)
      if (last !== null && second === null) [minute, medians] = [[], []]
      last = figures
      if (second !== null) {
        minute = [...minute, second].slice(-drawnSeconds)
        medians = [...medians, quantile(minute.slice(-estimateSeconds), 0.5)].slice(-drawnSeconds)
        const current = minute.slice(-3)
        const perSecond = current.reduce((sum, each) => sum + each.rate, 0) / current.length
        const failing = current.reduce((sum, each) => sum + each.failed, 0) / current.length
        rate.show(
          rateText(perSecond),
          failing > 0 ? `${rateText(failing)} of them failed` : 'none failed',
          failing > 0,
        )
        rate.draw(minute.map((each) => each.rate))
        const half = quantile(minute.slice(-estimateSeconds), 0.5)
        const most = quantile(minute.slice(-estimateSeconds), 0.95)
        if (half === null || most === null) time.show('–', 'no requests just now', false)
        else time.show(duration(half), `half of them; 95 % within ${duration(most)}`, false)
        time.draw(medians)
      } else if (minute.length === 0) {
        rate.show('–', 'counting', false)
        time.show('–', 'counting', false)
      }
      const { max, used, waiting } = figures.pool
      pool.show(
        `${used} of ${max}`,
        waiting > 0 ? `${waiting} requests wait` : 'nobody waits',
        waiting > 0,
      )
      pool.fill(max === 0 ? 0 : used / max)
    },
    /**
     * @param {number | null} version
     * @param {string} note
     */
    schema(version, note) {
      schema.show(version === null ? '–' : `${version}`, note, false)
    },
  }
}

/** @param {number} perSecond */
function rateText(perSecond) {
  if (perSecond === 0) return '0'
  if (perSecond < 10) return perSecond.toFixed(1)
  return Math.round(perSecond).toLocaleString('en')
}

const [width, height] = [120, 32]

/**
 * @param {string} title
 * @param {'line' | 'bar' | 'none'} kind
 */
function tile(title, kind) {
  const value = element('p', { class: 'tile-value' }, '–')
  const note = element('p', { class: 'tile-note' })
  const line = drawn('path', { class: 'spark-line', d: '' })
  const area = drawn('path', { class: 'spark-area', d: '' })
  const used = drawn('rect', { class: 'bar-used', x: 0, y: 13, width: 0, height: 6, rx: 3 })
  const drawing =
    kind === 'none'
      ? null
      : drawn(
          'svg',
          {
            class: `spark ${kind}`,
            viewBox: `0 0 ${width} ${height}`,
            preserveAspectRatio: 'none',
            'aria-hidden': 'true',
          },
          ...(kind === 'line'
            ? [area, line]
            : [drawn('rect', { class: 'bar-all', x: 0, y: 13, width, height: 6, rx: 3 }), used]),
        )
  return {
    box: element('div', { class: 'tile card' }, element('h2', {}, title), value, note, drawing),
    /**
     * @param {string} text
     * @param {string} more
     * @param {boolean} isBad
     */
    show(text, more, isBad) {
      say(value, text)
      say(note, more)
      note.classList.toggle('bad', isBad)
    },
    /** @param {readonly (number | null)[]} values */
    draw(values) {
      const most = Math.max(1e-9, ...values.map((each) => each ?? 0))
      // a short time fills the width too, though not one of a few seconds
      const across = Math.max(20, values.length)
      const step = width / (across - 1)
      const first = across - values.length
      const points = values.map((each, at) => {
        const y = height - 2 - ((each ?? 0) / most) * (height - 6)
        return `${((first + at) * step).toFixed(1)} ${y.toFixed(1)}`
      })
      const path = points.length < 2 ? '' : `M${points.join('L')}`
      line.setAttribute('d', path)
      area.setAttribute(
        'd',
        path === '' ? '' : `${path}L${width} ${height}L${(first * step).toFixed(1)} ${height}Z`,
      )
    },
    /** @param {number} share */
    fill(share) {
      used.setAttribute('width', `${Math.min(1, share) * width}`)
    },
  }
}
