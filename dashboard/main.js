/**
 * The dashboard: what the server tells, kept in one place, and shown. Events come in as they happen;
 * the state of the server is asked for after each, and now and then.
 */
import { createFigures } from './figures.js'
import { byId, say } from './page-elements.js'
import { createSchemaBrowser } from './schema-browser.js'
import {
  askForReload,
  askJson,
  followEvents,
  hasToken,
  keepToken,
  TokenWanted,
} from './server-api.js'
import { showServer } from './server-card.js'
import { showSources, showTriggers, showUnserved } from './side-lists.js'
import { statementOf } from './statement.js'
import { countsText, createTimeline } from './timeline.js'
import { ago, clock, counted, duration } from './word-times.js'

/** @import { ReloadRecord } from '../src/observe/reload-record.ts' */
/** @import { SourceStatus } from '../src/observe/source-status.ts' */
/** @import { Health, LiveEvent } from './server-api.js' */

/** Reloads that the page keeps, as many as the server does. */
const keptReloads = 100
/** Milliseconds between two looks at the state, while nothing happens. */
const lookMs = 5000

/** @type {Health | null} */
let health = null
/** @type {'connecting' | 'live' | 'lost'} */
let link = 'connecting'
/** @type {readonly SourceStatus[]} */
let sources = []
/** @type {Map<number, ReloadRecord>} */
let reloads = new Map()
/** Counts what the events told of reloads. */
let heardReloads = 0
/** Of the process whose events these are. */
let incarnation = ''
let lastHeard = ''

const timeline = createTimeline(
  byId('reloads', HTMLOListElement),
  byId('reloads-more', HTMLButtonElement),
)
const figures = createFigures(byId('tiles', HTMLElement))
const browser = createSchemaBrowser(onFailure)
const token = tokenForm()

/** @type {Readonly<Record<string, string>>} */
const marks = {
  good: 'M15 24.5l6.2 6.2L33.5 18',
  warn: 'M24 14v13M24 33v.5',
  bad: 'M17 17l14 14M31 17L17 31',
  idle: 'M16 24h.5M24 24h.5M32 24h.5',
}

function showStatement() {
  const { tone, title, why } = statementOf(health, link, sources, Date.now())
  const hero = byId('hero', HTMLElement)
  if (hero.dataset['tone'] !== tone) {
    hero.dataset['tone'] = tone
    byId('hero-sign', SVGPathElement).setAttribute('d', marks[tone] ?? '')
  }
  say(byId('verdict', HTMLElement), title)
  say(byId('why', HTMLElement), why)
  document.title = tone === 'good' ? 'dbrest' : `${title} · dbrest`
}

function showLink() {
  const place = byId('link', HTMLElement)
  place.dataset['state'] = link
  const texts = {
    connecting: 'Connecting',
    live: 'Live',
    lost: lastHeard === '' ? 'Not connected' : `Not connected since ${clock(lastHeard)}`,
  }
  say(place, texts[link])
}

function showHealth() {
  if (health === null) return
  const { database, schemaCache, server } = health
  const { version, loadedAt, relations } = schemaCache
  say(
    byId('engine', HTMLElement),
    database.engine === null ? '' : `${database.engine} ${database.version ?? ''}`,
  )
  say(byId('foot', HTMLElement), `${server.name} ${server.version}`)
  const loaded = loadedAt === null ? '' : `, since ${clock(loadedAt)}`
  figures.schema(
    version,
    relations === null ? 'not loaded' : `${counted(relations, 'relation')}${loaded}`,
  )
  showUnserved(
    byId('unreadable-card', HTMLElement),
    byId('unreadable', HTMLUListElement),
    schemaCache,
  )
}

function showReloads() {
  const newest = [...reloads.values()].sort((a, b) => b.id - a.id)
  timeline.show(newest)
  say(byId('reloads-note', HTMLElement), newest.length === 0 ? '' : `the last ${newest.length}`)
}

/** What says how long ago something was. */
function showTimes() {
  const now = Date.now()
  for (const time of document.querySelectorAll('time')) say(time, ago(time.dateTime, now))
  showSources(byId('sources', HTMLUListElement), sources, now)
  if (health !== null)
    showServer(byId('server-card', HTMLElement), byId('server', HTMLDListElement), health, now)
  showStatement()
}

async function look() {
  try {
    /** @type {Health} */
    const answer = await askJson('health')
    health = answer
    if (answer.sources !== undefined) sources = answer.sources
    showHealth()
    showTimes()
  } catch (failure) {
    onFailure(failure)
  }
}

async function readReloads() {
  try {
    const heardBefore = heardReloads
    const { reloads: listed } = await askJson('reloads')
    // the list may have been made before what was heard meanwhile
    if (heardReloads !== heardBefore) {
      void readReloads()
      return
    }
    reloads = new Map(listed.map((/** @type {ReloadRecord} */ record) => [record.id, record]))
    showReloads()
  } catch (failure) {
    onFailure(failure)
  }
}

/** @param {ReloadRecord} record */
function keepReload(record) {
  heardReloads += 1
  // it repeats the one before it, whose place the server gives it in its list
  const before = reloads.get(record.id - 1)
  reloads.set(record.id, record)
  for (const id of [...reloads.keys()].sort((a, b) => a - b).slice(0, -keptReloads))
    reloads.delete(id)
  showReloads()
  const mayRepeat =
    before !== undefined && before.outcome === record.outcome && record.outcome !== 'published'
  if (mayRepeat) void readReloads()
}

/** @param {LiveEvent} event */
function onEvent(event) {
  lastHeard = new Date().toISOString()
  switch (event.name) {
    case 'hello':
      if (event.data.incarnation !== incarnation) {
        incarnation = event.data.incarnation
        // numbers mean other reloads in another process
        reloads = new Map()
        void Promise.all([look(), readReloads(), browser.refresh()])
      } else void look()
      break
    case 'missed':
      incarnation = ''
      break
    case 'reload-began':
      keepReload(event.data)
      break
    case 'reload-ended':
      keepReload(event.data)
      void look()
      if (event.data.outcome === 'published') void browser.refresh()
      break
    case 'source':
      sources = [...sources.filter(({ name }) => name !== event.data.name), event.data]
      void look()
      break
    case 'figures':
      figures.add(event.data)
      sources = event.data.sources
      showTriggers(byId('triggers', HTMLDListElement), event.data.triggers)
      break
  }
}

/** @param {unknown} failure */
function onFailure(failure) {
  // where nobody answers, the stream is the one that says so
  if (failure instanceof TokenWanted) token.show()
}

function tokenForm() {
  const card = byId('token', HTMLElement)
  const text = byId('token-text', HTMLInputElement)
  const problem = byId('token-problem', HTMLElement)
  /** @type {(() => void)[]} */
  let waiting = []

  byId('token-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    keepToken(text.value.trim())
    text.value = ''
    say(problem, '')
    card.hidden = true
    document.body.classList.remove('locked')
    for (const resolve of waiting) resolve()
    waiting = []
  })

  function show() {
    if (!card.hidden) return
    if (hasToken()) say(problem, 'The server does not take this token.')
    keepToken(null)
    card.hidden = false
    document.body.classList.add('locked')
    text.focus()
  }

  return {
    show,
    /** @returns {Promise<void>} */
    wait() {
      show()
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

/** @param {string} text @param {'good' | 'bad' | 'idle'} tone */
function showOutcome(text, tone) {
  const place = byId('outcome', HTMLElement)
  place.hidden = false
  place.dataset['tone'] = tone
  say(place, text)
}

async function reload() {
  const button = byId('reload', HTMLButtonElement)
  if (button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-disabled', 'true')
  showOutcome('Reloading…', 'idle')
  try {
    const { outcome, version, durationMs = 0, changes, message, details } = await askForReload()
    if (outcome === 'published' && changes !== undefined) {
      const { added, removed, changed } = changes
      const counts = {
        added: added.length,
        removed: removed.length,
        changed: changed.length,
        list: [],
        isCut: false,
      }
      showOutcome(
        `Published schema ${version}: ${countsText(counts)}, in ${duration(durationMs)}`,
        'good',
      )
    } else if (outcome === 'unchanged') {
      showOutcome(`Read again in ${duration(durationMs)}: nothing had changed`, 'good')
    } else showOutcome(`${message ?? 'The reload failed'}: ${details ?? 'the log says why'}`, 'bad')
  } catch (failure) {
    onFailure(failure)
    showOutcome('The server could not be asked', 'bad')
  } finally {
    button.removeAttribute('aria-disabled')
  }
}

byId('reload', HTMLButtonElement).addEventListener('click', () => void reload())
setInterval(showTimes, 1000)
setInterval(() => {
  if (!document.hidden) void look()
}, lookMs)
showLink()
void look()
void followEvents({
  onEvent,
  onState(state) {
    link = state
    showLink()
    showStatement()
  },
  whenTokenWanted: () => token.wait(),
})
