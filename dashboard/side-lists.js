/**
 * The lists beside the timeline: the sources of reloads with their last proof, triggers by origin, and
 * what the database cannot serve.
 */
import { element } from './page-elements.js'
import { originText } from './timeline.js'
import { ago } from './word-times.js'

/** @import { SourceStatus } from '../src/observe/source-status.ts' */
/** @import { Health } from './server-api.js' */

/** @type {Readonly<Record<string, { title: string, about: string }>>} */
const sourceTexts = {
  notify: { title: 'Listener', about: 'NOTIFY on the channel of the database' },
  'change-stream': { title: 'Change stream', about: 'what the database tells by itself' },
  poll: { title: 'Poll', about: 'the version of the schema is looked at' },
}

/** @type {Readonly<Record<SourceStatus['state'], string>>} */
const stateWords = { up: 'up', unproven: 'unproven', down: 'down', off: 'off' }

/**
 * @param {HTMLUListElement} list
 * @param {readonly SourceStatus[]} sources
 * @param {number} now
 */
export function showSources(list, sources, now) {
  replaceIfNew(
    list,
    sources.map(({ name, state, since, provenAt, cause }) => {
      const { title, about } = sourceTexts[name] ?? { title: name, about: '' }
      const proof =
        state === 'off' ? `since ${ago(since, now)}` : `last proof ${ago(provenAt, now)}`
      return element(
        'li',
        {},
        element('span', { class: `dot ${state}`, 'aria-hidden': 'true' }),
        element(
          'div',
          {},
          element(
            'p',
            { class: 'source-title' },
            title,
            element('span', { class: `state ${state}` }, stateWords[state]),
          ),
          element('p', { class: 'muted small' }, about),
          element(
            'p',
            { class: 'small' },
            `${proof}${state === 'up' ? `, up since ${ago(since, now)}` : ''}`,
          ),
          cause === null ? null : element('p', { class: 'small cause' }, cause),
        ),
      )
    }),
    'Nothing is told of them.',
  )
}

/**
 * @param {HTMLDListElement} list
 * @param {Readonly<Record<string, number>>} triggers
 */
export function showTriggers(list, triggers) {
  const rows = Object.entries(triggers).sort(([, a], [, b]) => b - a)
  const texts = rows.map(([origin, count]) => `${origin} ${count}`).join()
  if (list.dataset['texts'] === texts) return
  list.dataset['texts'] = texts
  list.replaceChildren(
    ...rows.map(([origin, count]) =>
      element(
        'div',
        {},
        element('dt', {}, originText(origin)),
        element('dd', {}, count.toLocaleString('en')),
      ),
    ),
  )
}

/**
 * @param {HTMLElement} card
 * @param {HTMLUListElement} list
 * @param {Health['schemaCache']} cache
 */
export function showUnserved(card, list, { unreadable = [], unusable = [] }) {
  const rows = [
    ...unreadable.map(({ relation, cause }) => [relation, cause]),
    ...unusable.map((each) => [`${each.function}()`, each.cause]),
  ]
  card.hidden = rows.length === 0
  replaceIfNew(
    list,
    rows.map(([name = '', cause = '']) =>
      element('li', {}, element('code', {}, name), element('p', { class: 'small muted' }, cause)),
    ),
    '',
  )
}

/**
 * @param {HTMLUListElement} list
 * @param {readonly HTMLLIElement[]} items
 * @param {string} otherwise
 */
function replaceIfNew(list, items, otherwise) {
  const next =
    items.length > 0 || otherwise === '' ? items : [element('li', { class: 'muted' }, otherwise)]
  const texts = (/** @type {Iterable<Element>} */ all) =>
    [...all].map((each) => each.outerHTML).join()
  if (texts(list.children) !== texts(next)) list.replaceChildren(...next)
}
