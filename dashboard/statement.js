/**
 * The state of the server → one plain statement: whether the API is fresh, and why. Pure; the page
 * shows it above everything else.
 */
import { ago, clock } from './word-times.js'

/** @import { Health } from './server-api.js' */
/** @import { SourceStatus } from '../src/observe/source-status.ts' */

/** @typedef {'good' | 'warn' | 'bad' | 'idle'} Tone */
/** @typedef {{ tone: Tone, title: string, why: string }} Statement */

/** @type {Readonly<Record<string, string>>} */
const feedNames = { notify: 'NOTIFY', 'change-stream': 'change stream' }

/**
 * @param {Health | null} health  null: the server has not answered yet
 * @param {'connecting' | 'live' | 'lost'} link  to the server
 * @param {readonly SourceStatus[]} sources
 * @param {number} now
 * @returns {Statement}
 */
export function statementOf(health, link, sources, now) {
  if (link === 'lost') {
    const heard =
      health === null
        ? 'The page shows nothing until it does.'
        : 'What is below is the last that it said.'
    return {
      tone: 'bad',
      title: 'The server does not answer',
      why: `This page asks again and again. ${heard}`,
    }
  }
  if (health === null) return { tone: 'idle', title: 'Asking the server…', why: '' }
  return (
    unavailable(health) ??
    refusing(health) ??
    failing(health) ??
    denied(health) ??
    noticing(sources, now)
  )
}

/**
 * Requests are not answered.
 *
 * @param {Health} health
 * @returns {Statement | null}
 */
function unavailable({ status, database, server, schemaCache }) {
  if (status !== 'unavailable') return null
  const { version, loadedAt, failure, state } = schemaCache
  const kept =
    version === null || loadedAt === null
      ? 'No schema was loaded yet.'
      : `The schema of ${clock(loadedAt)} is kept, and is looked at again once the database is back.`
  if (version === null && state === 'starting') {
    return {
      tone: 'idle',
      title: 'The first load is under way',
      why: 'Requests are answered with 503 until it has ended.',
    }
  }
  if (!database.reachable) {
    return {
      tone: 'bad',
      title: 'The database does not answer',
      why: `Requests fail until it does. ${kept}`,
    }
  }
  if (version === null) {
    return {
      tone: 'bad',
      title: 'There is no schema yet',
      why: `The first load failed, and is tried again: ${failure ?? 'the log says why'}`,
    }
  }
  return server.listening
    ? { tone: 'bad', title: 'Requests are not answered', why: kept }
    : {
        tone: 'bad',
        title: 'The API does not listen',
        why: 'Its socket is not bound, or was removed.',
      }
}

/**
 * Strict mode without its mark.
 *
 * @param {Health} health
 * @returns {Statement | null}
 */
function refusing({ schemaMark }) {
  if (schemaMark === undefined || !schemaMark.isNeeded || schemaMark.state === 'found') return null
  const why =
    schemaMark.cause === null
      ? 'The database has no schema mark, by which answers would be proven.'
      : `The schema mark is not used: ${schemaMark.cause}.`
  return { tone: 'bad', title: 'Strict mode refuses all requests', why }
}

/**
 * The last load failed.
 *
 * @param {Health} health
 * @returns {Statement | null}
 */
function failing({ schemaCache: { state, loadedAt, failure } }) {
  if (state !== 'retrying') return null
  const since =
    loadedAt === null ? '' : ` The one of ${clock(loadedAt)} is served on, and nothing is lost.`
  return {
    tone: 'warn',
    title: 'The new schema could not be loaded',
    why: `${failure ?? 'The log says why'}.${since} It is tried again by itself.`.replace(
      '..',
      '.',
    ),
  }
}

/**
 * Policies that do not fit the schema.
 *
 * @param {Health} health
 * @returns {Statement | null}
 */
function denied({ schemaCache: { unboundPolicies = [] } }) {
  const [first] = unboundPolicies
  if (first === undefined) return null
  const rest = unboundPolicies.length > 1 ? `, and ${unboundPolicies.length - 1} more` : ''
  return {
    tone: 'warn',
    title: 'A policy does not fit the schema',
    why: `${first.relation} is denied to everybody, since ${first.problem}${rest}.`,
  }
}

/**
 * By what the server notices changes.
 *
 * @param {readonly SourceStatus[]} sources
 * @param {number} now
 * @returns {Statement}
 */
function noticing(sources, now) {
  const feed = sources.find(({ name, state }) => name !== 'poll' && state !== 'off')
  const poll = sources.find(({ name, state }) => name === 'poll' && state !== 'off')
  const feedName = feed === undefined ? '' : (feedNames[feed.name] ?? feed.name)
  if (feed?.state === 'up') {
    const also =
      poll?.state === 'up' ? ' Changes that nobody announces are looked for as well.' : ''
    return {
      tone: 'good',
      title: 'The API is fresh',
      why: `The database tells of changes by ${feedName}, which last proved that it works ${ago(feed.provenAt, now)}.${also}`,
    }
  }
  if (poll?.state === 'up') {
    const looked = `The server keeps looking whether the schema has changed, last ${ago(poll.provenAt, now)}`
    return feed === undefined
      ? { tone: 'good', title: 'The API is fresh', why: `${looked}.` }
      : {
          tone: 'warn',
          title: 'Fresh, by looking',
          why: `${looked}, since the ${feedName} listener is ${feed.state}: ${feed.cause ?? 'no cause is known'}.`,
        }
  }
  if (feed !== undefined || poll !== undefined) {
    const cause = (poll ?? feed)?.cause ?? 'no cause is known'
    return {
      tone: 'bad',
      title: 'The API may be behind',
      why: `Changes are not noticed: ${cause}.`,
    }
  }
  if (sources.length === 0)
    return {
      tone: 'good',
      title: 'The API answers',
      why: 'How it notices changes is shown to who brings the token.',
    }
  return {
    tone: 'warn',
    title: 'Nothing tells of changes',
    why: 'Listener and poll are switched off: a change is seen when a request names what it made, or when you reload.',
  }
}
