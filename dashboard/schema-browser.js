/**
 * The schema to look around in: a list of relations that is searched by the server, and the one that is
 * chosen, with its columns, keys and relationships, drawn and listed. However many relations there are,
 * a page of them is asked for at a time.
 */
import { byId, element, say } from './page-elements.js'
import { drawRelation } from './relation-map.js'
import { askJson } from './server-api.js'
import { counted } from './word-times.js'

/** @import { SchemaPage, ShownRelation, ShownRelationship } from '../src/admin/show-schema.ts' */

/** @typedef {{ schema: string, name: string }} Name */

const pageLength = 50
/** Milliseconds without a key before the server is asked. */
const typingMs = 150

/** @param {(failure: unknown) => void} onFailure */
export function createSchemaBrowser(onFailure) {
  const search = byId('search', HTMLInputElement)
  const list = byId('relations', HTMLUListElement)
  const more = byId('relations-more', HTMLButtonElement)
  const found = byId('found', HTMLElement)
  const note = byId('schema-note', HTMLElement)
  const article = byId('relation', HTMLElement)
  /** @type {Name | null} */
  let chosen = null
  /** @type {ShownRelation['relation'] | null} */
  let shown = null
  let listed = 0
  let asked = 0
  let askedChoice = 0
  let typing = 0

  search.addEventListener('input', () => {
    clearTimeout(typing)
    typing = window.setTimeout(() => void showList(false), typingMs)
  })
  search.addEventListener('keydown', (event) => {
    const first = list.querySelector('button')
    if (event.key === 'ArrowDown' && first !== null) {
      event.preventDefault()
      first.focus()
    }
  })
  list.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    /** @type {(Element | null)[]} */
    const buttons = [...list.querySelectorAll('button')]
    const at = buttons.indexOf(document.activeElement)
    const next = buttons[at + (event.key === 'ArrowDown' ? 1 : -1)]
    event.preventDefault()
    if (next instanceof HTMLElement) next.focus()
    else if (event.key === 'ArrowUp') search.focus()
  })
  more.addEventListener('click', () => void showList(true))
  new ResizeObserver(() => redraw()).observe(article)

  /** @param {boolean} isMore */
  async function showList(isMore) {
    asked += 1
    const own = asked
    const offset = isMore ? listed : 0
    const parameters = new URLSearchParams({
      search: search.value,
      offset: `${offset}`,
      limit: `${pageLength}`,
    })
    try {
      /** @type {SchemaPage} */
      const page = await askJson(`schema?${parameters}`)
      // a later question may have been answered first
      if (own !== asked) return
      addPage(page, isMore)
    } catch (failure) {
      onFailure(failure)
    }
  }

  /**
   * @param {SchemaPage} page
   * @param {boolean} isMore
   */
  function addPage(page, isMore) {
    const items = page.relations.map(relationItem)
    const focused = document.activeElement?.closest('#relations button')?.getAttribute('data-key')
    if (isMore) list.append(...items)
    else list.replaceChildren(...items)
    listed = page.offset + items.length
    more.hidden = listed >= page.found
    say(found, search.value.trim() === '' ? '' : `${counted(page.found, 'relation')} found`)
    const schemas =
      page.schemas.length === 1 ? (page.schemas[0] ?? '') : counted(page.schemas.length, 'schema')
    say(
      note,
      page.version === null
        ? 'none yet'
        : `${counted(page.total, 'relation')}, ${counted(page.functions, 'function')} in ${schemas}`,
    )
    if (focused != null) {
      for (const button of list.querySelectorAll('button')) {
        if (button.dataset['key'] === focused) button.focus()
      }
    }
    // what is joined most shows most
    const [first] = [...page.relations].sort((a, b) => b.relationships - a.relationships)
    if (chosen === null && first !== undefined) void choose(first)
    else mark()
  }

  /** @param {SchemaPage['relations'][number]} relation */
  function relationItem(relation) {
    const { schema, name, kind, columns, relationships } = relation
    const button = element(
      'button',
      { type: 'button', 'data-key': keyOf(relation) },
      element('span', { class: 'relation-name' }, name),
      element(
        'span',
        { class: 'relation-about' },
        `${schema} · ${kind.replaceAll('-', ' ')} · ${counted(columns, 'column')} · ${counted(relationships, 'link')}`,
      ),
    )
    button.addEventListener('click', () => void choose({ schema, name }))
    return element('li', {}, button)
  }

  function mark() {
    const key = chosen === null ? '' : keyOf(chosen)
    for (const button of list.querySelectorAll('button')) {
      if (button.dataset['key'] === key) button.setAttribute('aria-current', 'true')
      else button.removeAttribute('aria-current')
    }
  }

  /** @param {Name} name */
  async function choose(name) {
    chosen = { schema: name.schema, name: name.name }
    mark()
    askedChoice += 1
    const own = askedChoice
    try {
      /** @type {Partial<ShownRelation>} */
      const answer = await askJson(`schema?${new URLSearchParams({ ...chosen })}`)
      // a later question, of another relation or after a reload, may have been answered first
      if (own !== askedChoice) return
      shown = answer.relation ?? null
      if (shown === null)
        article.replaceChildren(
          element('p', { class: 'muted' }, `${name.schema}.${name.name} is not there any more.`),
        )
      else showRelation(shown)
    } catch (failure) {
      onFailure(failure)
    }
  }

  /** @param {ShownRelation['relation']} relation */
  function showRelation(relation) {
    const { schema, name, kind, comment, writes, columns, computed } = relation
    article.replaceChildren(
      element('h3', {}, name),
      element(
        'p',
        { class: 'muted small' },
        `${schema} · ${kind.replaceAll('-', ' ')} · ${writes.length === 0 ? 'read only' : `select, ${writes.join(', ')}`}`,
      ),
      ...(comment === null ? [] : [element('p', { class: 'comment' }, comment)]),
      element('div', { class: 'map-place' }),
      element('h4', {}, 'Columns'),
      element(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Columns of ${name}` },
        // roles are said because a narrow page lays rows out as blocks, which are no table by themselves
        element(
          'table',
          { class: 'fields', role: 'table' },
          element(
            'thead',
            { role: 'rowgroup' },
            element(
              'tr',
              { role: 'row' },
              ...['Name', 'Type', 'Null', 'Default'].map((title) =>
                element('th', { scope: 'col', role: 'columnheader' }, title),
              ),
            ),
          ),
          element(
            'tbody',
            { role: 'rowgroup' },
            ...columns.map((column) =>
              element(
                'tr',
                { role: 'row' },
                element(
                  'th',
                  { scope: 'row', role: 'rowheader' },
                  column.name,
                  column.isKey
                    ? element('span', { class: 'pk', title: 'part of the primary key' }, 'key')
                    : null,
                ),
                element(
                  'td',
                  { role: 'cell' },
                  element('code', {}, column.type),
                  column.values.length === 0
                    ? null
                    : element('span', { class: 'muted small' }, ` ${column.values.join(' | ')}`),
                ),
                element('td', { class: 'null', role: 'cell' }, column.isNullable ? 'yes' : 'no'),
                column.default === null
                  ? noneCell()
                  : element(
                      'td',
                      { class: 'default', role: 'cell' },
                      element('code', {}, column.default),
                    ),
              ),
            ),
            ...computed.map(([field, type]) =>
              element(
                'tr',
                { role: 'row' },
                element(
                  'th',
                  { scope: 'row', role: 'rowheader' },
                  field,
                  element('span', { class: 'pk' }, 'computed'),
                ),
                element('td', { role: 'cell' }, element('code', {}, type)),
                noneCell(),
                noneCell(),
              ),
            ),
          ),
        ),
      ),
      element('h4', {}, 'Relationships'),
      relationshipList(relation),
    )
    redraw()
  }

  /** @param {ShownRelation['relation']} relation */
  function relationshipList({ relationships, related }) {
    if (related === 0) return element('p', { class: 'muted' }, 'None: nothing is embedded here.')
    const items = relationships.map((relationship) => {
      const { kind, target } = relationship
      const button = element(
        'button',
        { type: 'button', class: 'text' },
        `${target.schema}.${target.name}`,
      )
      button.addEventListener('click', () => void choose(target))
      return element(
        'li',
        {},
        element('span', { class: `kind ${kind}` }, kind),
        button,
        element('span', { class: 'muted small' }, ` ${wayText(relationship)}`),
      )
    })
    const rest = related - relationships.length
    if (rest > 0)
      items.push(element('li', { class: 'muted' }, `and ${rest.toLocaleString('en')} more`))
    return element('ul', { class: 'links' }, ...items)
  }

  function redraw() {
    const place = article.querySelector('.map-place')
    if (shown === null || place === null || shown.relationships.length === 0) return
    const width = Math.floor(article.clientWidth)
    if (width < 100 || place.getAttribute('data-width') === `${width} ${keyOf(shown)}`) return
    place.setAttribute('data-width', `${width} ${keyOf(shown)}`)
    place.replaceChildren(drawRelation(shown, width, (name) => void choose(name)))
  }

  return {
    /** Asks again, since another schema is in use. */
    async refresh() {
      await showList(false)
      if (chosen !== null) await choose(chosen)
    },
  }
}

function noneCell() {
  return element('td', { class: 'none', role: 'cell' }, '–')
}

/** @param {ShownRelationship} relationship */
function wayText({ kind, columns, by }) {
  switch (kind) {
    case 'computed':
      return `by the function ${by}`
    case 'many-to-many':
      return `through ${by}`
    default:
      return `${columns.map(([here, there]) => `${here} = ${there}`).join(', ')}, by ${by}`
  }
}

/** @param {Name} name */
function keyOf({ schema, name }) {
  return JSON.stringify([schema, name])
}
