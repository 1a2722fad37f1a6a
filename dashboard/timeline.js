/**
 * Reloads as a list, newest first: what asked for each, how it ended, what it changed with before and
 * after, and how its time was spent. Entries that did not change are left as they are, open or closed.
 */
import { drawn, element } from './page-elements.js'
import { ago, clock, counted, duration } from './word-times.js'

/** @import { ReloadChange, ReloadChanges, ReloadRecord, ReloadTimings } from '../src/observe/reload-record.ts' */

/** @type {Readonly<Record<string, string>>} */
const origins = {
  start: 'the start of the server',
  notify: 'NOTIFY',
  'listener-connected': 'the listener, which is connected again',
  signal: 'a signal',
  'registry-file': 'a file that changed',
  admin: 'POST /reload',
  fleet: 'another server of the fleet',
  poll: 'the poll',
  'change-stream': 'the change stream',
  sample: 'new fields in documents',
  'stale-name': 'a request that named something unknown',
  'stale-hit': 'a request that the database contradicted',
  retry: 'a retry',
  'connection-lost': 'a connection that was lost',
}

/** @param {string} origin */
export function originText(origin) {
  return origins[origin] ?? origin
}

/** @type {Readonly<Record<ReloadRecord['outcome'], string>>} */
const outcomeWords = {
  running: 'Running',
  published: 'Published',
  unchanged: 'Nothing new',
  failed: 'Failed',
}

/** @type {Readonly<Record<ReloadChange['kind'], { sign: string, word: string }>>} */
const signs = {
  added: { sign: '+', word: 'added' },
  removed: { sign: '−', word: 'removed' },
  changed: { sign: '~', word: 'changed' },
}

/** Entries shown at first, and more at each wish. */
const pageLength = 12
/** Changes named before an entry is opened. */
const previewed = 3

/**
 * @param {HTMLOListElement} list
 * @param {HTMLButtonElement} more
 */
export function createTimeline(list, more) {
  /** @type {Map<number, { text: string, item: HTMLLIElement }>} */
  const items = new Map()
  /** @type {readonly ReloadRecord[]} */
  let records = []
  let shown = pageLength

  more.addEventListener('click', () => {
    shown += pageLength
    show(records)
  })

  /** @param {readonly ReloadRecord[]} newest  first */
  function show(newest) {
    records = newest
    const visible = newest.slice(0, shown)
    const ids = new Set(visible.map(({ id }) => id))
    for (const id of items.keys()) if (!ids.has(id)) items.delete(id)
    const wanted = visible.map((record) => {
      const text = JSON.stringify(record)
      const known = items.get(record.id)
      if (known?.text === text) return known.item
      const item = entry(record, known?.item.querySelector('details')?.open ?? false)
      items.set(record.id, { text, item })
      return item
    })
    if (wanted.length === 0) list.replaceChildren(element('li', { class: 'empty' }, 'None yet.'))
    else if (
      wanted.some((item, at) => list.children[at] !== item) ||
      list.children.length !== wanted.length
    ) {
      // an element that stays keeps the focus
      for (const child of [...list.children])
        if (!wanted.some((item) => item === child)) child.remove()
      wanted.forEach((item, at) => {
        if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null)
      })
    }
    more.hidden = newest.length <= shown
  }

  return { show }
}

/**
 * @param {ReloadRecord} record
 * @param {boolean} isOpen
 */
function entry(record, isOpen) {
  const { outcome, startedAt, durationMs, cause } = record
  const head = element(
    'summary',
    {},
    element('span', { class: `badge ${outcome}` }, outcomeWords[outcome]),
    element('span', { class: 'entry-title' }, titleOf(record)),
    element(
      'span',
      { class: 'entry-time' },
      outcome === 'running' ? '' : `${duration(durationMs)} · `,
      element(
        'time',
        { datetime: startedAt, title: new Date(startedAt).toLocaleString() },
        ago(startedAt, Date.now()),
      ),
    ),
    outcome === 'published' ? preview(record.changes) : null,
    element('span', { class: 'entry-by' }, byText(record)),
    cause === null ? null : element('span', { class: 'entry-cause' }, cause),
  )
  const details = element('details', { open: isOpen }, head, ...bodyOf(record))
  return element('li', { class: `entry ${outcome}` }, details)
}

/** @param {ReloadRecord} record */
function titleOf({ outcome, after, changes, before }) {
  if (outcome === 'published') {
    const what =
      before === null
        ? `${changes.added.toLocaleString('en')} relations and functions`
        : countsText(changes)
    return after === null ? what : `Schema ${after.number}: ${what}`
  }
  if (outcome === 'running') return 'A reload is under way'
  if (outcome === 'unchanged')
    return after === null ? 'Nothing had changed' : `Schema ${after.number} is current`
  return after === null ? 'No schema yet' : `Schema ${after.number} is served on`
}

/** @param {ReloadChanges} changes */
export function countsText({ added, removed, changed }) {
  const parts = [
    added > 0 ? `${added.toLocaleString('en')} added` : '',
    removed > 0 ? `${removed.toLocaleString('en')} removed` : '',
    changed > 0 ? `${changed.toLocaleString('en')} changed` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'no difference told' : parts.join(', ')
}

/**
 * The first names that changed, each once.
 *
 * @param {ReloadChanges} changes
 */
function preview({ list, isCut }) {
  const names = [...new Set(list.map(({ kind, name }) => `${signs[kind].sign}${name}`))]
  if (names.length === 0) return null
  const rest = names.length - previewed
  const more = isCut ? ' …' : rest > 0 ? ` and ${rest} more` : ''
  return element(
    'span',
    { class: 'entry-what', 'aria-hidden': 'true' },
    element('code', {}, names.slice(0, previewed).join('  ')),
    more,
  )
}

/** @param {ReloadRecord['trigger']} trigger */
function whoText({ origin, request }) {
  if (request === null) return `By ${originText(origin)}`
  const { method, path, names } = request
  if (names === null) return `By ${method} ${path}`
  const why = origin === 'stale-hit' ? 'which the database answered with' : 'which asked for'
  return `By ${method} ${path}, ${why} ${names}`
}

/** @param {ReloadRecord} record */
function byText({ trigger, repeats }) {
  const { asked } = trigger
  const who = whoText(trigger)
  const others = asked > 1 ? `, ${counted(asked, 'trigger')} in one` : ''
  const again =
    repeats === null ? '' : `, ${counted(repeats.count + 1, 'time')} since ${clock(repeats.since)}`
  return `${who}${others}${again}`
}

/** @param {ReloadRecord} record */
function bodyOf(record) {
  const { changes, timings, queuedMs, retry, trigger, before, after } = record
  return [
    changes.list.length === 0 ? null : diffTable(changes),
    changes.isCut && changes.list.length > 0
      ? element(
          'p',
          { class: 'muted small' },
          'The first of them are listed; the log and the schema have the rest.',
        )
      : null,
    timeBar(timings, queuedMs),
    element(
      'dl',
      { class: 'facts' },
      ...fact('Asked for', `${trigger.scope}, ${trigger.depth}`),
      ...fact('Began', new Date(record.startedAt).toLocaleString()),
      ...(before === null
        ? []
        : fact('Before', `schema ${before.number} · ${shortLabel(before.label)}`)),
      ...(after === null
        ? []
        : fact('After', `schema ${after.number} · ${shortLabel(after.label)}`)),
      ...(retry === null
        ? []
        : fact(
            'Next try',
            `in ${duration(retry.retryInMs)}, after ${counted(retry.attempt, 'failure')}`,
          )),
    ),
  ].filter((part) => part !== null)
}

/** @param {string} label */
function shortLabel(label) {
  return label.length > 14 ? `${label.slice(0, 12)}…` : label
}

/**
 * @param {string} name
 * @param {string} text
 */
function fact(name, text) {
  return [element('dt', {}, name), element('dd', {}, text)]
}

/** @param {ReloadChanges} changes */
function diffTable({ list }) {
  return element(
    'ul',
    { class: 'diff', 'aria-label': 'What changed' },
    ...list.map(({ kind, subject, name, part, before, after }) =>
      element(
        'li',
        { class: kind },
        element('span', { class: 'diff-sign', 'aria-hidden': 'true' }, signs[kind].sign),
        element(
          'span',
          { class: 'diff-what' },
          element('span', { class: 'visually-hidden' }, `${signs[kind].word} `),
          element('code', {}, name),
          element(
            'span',
            { class: 'muted' },
            ` ${part === null ? subject : `${subject}, ${part}`}`,
          ),
        ),
        before === null && after === null ? null : beforeAfter(kind, before, after),
      ),
    ),
  )
}

/**
 * @param {ReloadChange['kind']} kind
 * @param {string | null} before
 * @param {string | null} after
 */
function beforeAfter(kind, before, after) {
  const was = element('del', {}, before ?? 'none')
  const is = element('ins', {}, after ?? 'none')
  if (kind === 'added') return element('span', { class: 'diff-values' }, is)
  if (kind === 'removed') return element('span', { class: 'diff-values' }, was)
  return element(
    'span',
    { class: 'diff-values' },
    was,
    element('span', { class: 'arrow' }, ' → '),
    is,
  )
}

/**
 * The steps side by side, as long as they took, and the same in words.
 *
 * @param {ReloadTimings} timings
 * @param {number} queuedMs
 */
function timeBar(timings, queuedMs) {
  /** @type {readonly (readonly [string, number | null])[]} */
  const all = [
    ['waited', queuedMs],
    ['version', timings.checkMs],
    ['queries', timings.queryMs],
    ['build', timings.buildMs],
    ['diff', timings.diffMs],
    ['publish', timings.publishMs],
  ]
  const steps = all.flatMap(([name, ms]) =>
    ms === null || (name === 'waited' && ms === 0) ? [] : [{ name, ms }],
  )
  const total = steps.reduce((sum, { ms }) => sum + ms, 0)
  if (steps.length === 0) return null
  let x = 0
  const bars = steps.map(({ name, ms }) => {
    const width = total === 0 ? 100 / steps.length : (ms / total) * 100
    const bar = drawn('rect', {
      class: `step of-${name}`,
      x,
      y: 0,
      width: Math.max(width - 0.3, 0.2),
      height: 8,
    })
    x += width
    return bar
  })
  const queries = Object.entries(timings.queries)
  return element(
    'div',
    { class: 'steps' },
    drawn(
      'svg',
      { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      ...bars,
    ),
    element(
      'ul',
      { 'aria-label': 'Time of each step' },
      ...steps.map(({ name, ms }) =>
        element(
          'li',
          {},
          element('span', { class: `key of-${name}`, 'aria-hidden': 'true' }),
          `${name} ${duration(ms)}`,
        ),
      ),
    ),
    queries.length === 0
      ? null
      : element(
          'p',
          { class: 'muted small' },
          `Queries: ${queries.map(([name, ms]) => `${name} ${duration(ms)}`).join(' · ')}`,
        ),
  )
}
