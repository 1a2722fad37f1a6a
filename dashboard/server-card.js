/**
 * What answers and what vouches for the answers: the processes of this server, the other servers on its
 * database, strict mode and the schema mark.
 */
import { element } from './page-elements.js'
import { ago, counted } from './word-times.js'

/** @import { WorkerStatus } from '../src/observe/worker-status.ts' */
/** @import { Health } from './server-api.js' */

/** @typedef {{ name: string, value: string, tone: 'up' | 'down' | 'unproven' | 'off', about: string }} Row */

/**
 * Shows nothing where there is nothing to tell: one process on an engine without the rest.
 *
 * @param {HTMLElement} card
 * @param {HTMLDListElement} list
 * @param {Health} health
 * @param {number} now
 */
export function showServer(card, list, health, now) {
  const rows = [processes(health.workers), servers(health, now), ...guarantees(health)].flatMap(
    (row) => (row === null ? [] : [row]),
  )
  card.hidden = rows.length === 0
  const text = JSON.stringify(rows)
  if (list.dataset['rows'] === text) return
  list.dataset['rows'] = text
  list.replaceChildren(
    ...rows.map(({ name, value, tone, about }) =>
      element(
        'div',
        {},
        element('dt', {}, name),
        element('dd', { class: `state ${tone}` }, value),
        about === '' ? null : element('dd', { class: 'muted small about' }, about),
      ),
    ),
  )
}

/**
 * @param {Health['workers']} workers
 * @returns {Row | null}
 */
function processes(workers) {
  if (workers === undefined) return null
  const ready = workers.filter(({ state }) => state === 'listening').length
  const others = workers.filter(({ state }) => state !== 'listening')
  const replaced = workers.reduce((sum, { ended = 0 }) => sum + ended, 0)
  const abouts = [
    ...others.map(({ worker, state }) => `worker ${worker} is ${stateWords[state]}`),
    ...(replaced === 0
      ? []
      : [`${counted(replaced, 'worker')} ended, and replaced since the start`]),
  ]
  return {
    name: 'Workers',
    value: `${ready} of ${workers.length} answer`,
    tone: ready === workers.length ? 'up' : ready === 0 ? 'down' : 'unproven',
    about: abouts.join('; '),
  }
}

/** @type {Readonly<Record<WorkerStatus['state'], string>>} */
const stateWords = {
  starting: 'starting',
  listening: 'listening',
  unresponsive: 'not responding',
  waiting: 'down, and started again soon',
  stopping: 'stopping',
}

/**
 * @param {Health} health
 * @param {number} now
 * @returns {Row | null}
 */
function servers({ fleet }, now) {
  if (fleet === undefined) return null
  const { others, lastHeardAt } = fleet
  return {
    name: 'Other servers',
    value: others === 0 ? 'none heard' : `${others.toLocaleString('en')} heard`,
    tone: others === 0 ? 'off' : 'up',
    about:
      others === 0
        ? ''
        : `on the same database in the last two minutes, last ${ago(lastHeardAt, now)}; one looks for all`,
  }
}

/**
 * @param {Health} health
 * @returns {readonly Row[]}
 */
function guarantees({ schemaMark }) {
  if (schemaMark === undefined) return []
  const { state, cause, isNeeded } = schemaMark
  const isFound = state === 'found'
  /** @type {Row} */
  const strict = {
    name: 'Strict mode',
    value: !isNeeded ? 'off' : isFound ? 'on' : 'refuses all requests',
    tone: !isNeeded ? 'off' : isFound ? 'up' : 'down',
    about: isNeeded && isFound ? 'each answer is proven to be of the schema that there is' : '',
  }
  /** @type {Readonly<Record<typeof state, string>>} */
  const markWords = { found: 'in use', unfit: 'not used', absent: 'not installed' }
  /** @type {Row} */
  const mark = {
    name: 'Schema mark',
    value: markWords[state],
    tone: isFound ? 'up' : isNeeded ? 'down' : state === 'unfit' ? 'unproven' : 'off',
    about:
      cause ?? (isNeeded && state === 'absent' ? 'dbrest schema-mark install puts one in' : ''),
  }
  return [strict, mark]
}
