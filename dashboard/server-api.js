/**
 * The admin server as the page asks it: JSON, the reload, and the live events. Paths are relative, so
 * that the page works behind a proxy that puts the server below a path.
 *
 * The token, where there is one, is kept in this tab's session and sent in a header. An EventSource
 * could not send it, and a URL is no place for it: the stream is read with fetch.
 */

/** @import { ReloadRecord } from '../src/observe/reload-record.ts' */
/** @import { ServerFigures } from '../src/observe/server-figures.ts' */
/** @import { FleetStatus } from '../src/observe/fleet-status.ts' */
/** @import { MarkStatus } from '../src/observe/mark-status.ts' */
/** @import { WorkerStatus } from '../src/observe/worker-status.ts' */
/** @import { SourceStatus } from '../src/observe/source-status.ts' */

/**
 * @typedef {object} Health
 * @property {'ok' | 'degraded' | 'unavailable'} status
 * @property {{ name: string, version: string, listening: boolean }} server
 * @property {{ reachable: boolean, engine: string | null, version: string | null }} database
 * @property {CacheHealth} schemaCache
 * @property {readonly (Pick<WorkerStatus, 'worker' | 'state'> & Partial<WorkerStatus>)[]=} workers
 * @property {readonly SourceStatus[]=} sources  this and what follows only to who may see it
 * @property {FleetStatus=} fleet
 * @property {(MarkStatus & { isNeeded: boolean })=} schemaMark
 */

/**
 * @typedef {object} CacheHealth
 * @property {'starting' | 'ready' | 'retrying'} state
 * @property {number | null} version
 * @property {string | null} loadedAt
 * @property {number | null} relations
 * @property {readonly { relation: string, cause: string }[]=} unreadable
 * @property {readonly { function: string, cause: string }[]=} unusable
 * @property {readonly { policy: string, relation: string, problem: string }[]=} unboundPolicies
 * @property {string | null=} failure
 */

/**
 * @typedef {{ name: 'reload-began' | 'reload-ended', data: ReloadRecord }
 *   | { name: 'source', data: SourceStatus }
 *   | { name: 'figures', data: ServerFigures }
 *   | { name: 'missed', data: { reason: string } }
 *   | { name: 'hello', data: { incarnation: string, last: number } }} LiveEvent
 */

/** The server wants a token, or another one. */
export class TokenWanted extends Error {}

const tokenKey = 'dbrest-admin-token'

export function hasToken() {
  return sessionStorage.getItem(tokenKey) !== null
}

/** @param {string | null} token */
export function keepToken(token) {
  if (token === null) sessionStorage.removeItem(tokenKey)
  else sessionStorage.setItem(tokenKey, token)
}

/** @returns {Record<string, string>} */
function authorization() {
  const token = sessionStorage.getItem(tokenKey)
  return token === null ? {} : { Authorization: `Bearer ${token}` }
}

/**
 * Rejects with TokenWanted, and where nobody answers.
 *
 * @param {string} path
 * @param {RequestInit=} init
 */
async function ask(path, init) {
  const headers = { ...authorization(), ...init?.headers }
  const response = await fetch(path, { cache: 'no-store', ...init, headers })
  if (response.status === 401) throw new TokenWanted()
  return response
}

/**
 * The body of an answer, which an error has too.
 *
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function askJson(path) {
  return (await ask(path)).json()
}

/**
 * @returns {Promise<{ outcome: string, version?: number, durationMs?: number,
 *   changes?: { added: string[], removed: string[], changed: string[] }, message?: string,
 *   details?: string | null }>}
 */
export async function askForReload() {
  return (await ask('reload', { method: 'POST' })).json()
}

/** Milliseconds: after the first failure, and at most. */
const firstPauseMs = 500
const longestPauseMs = 5000
/** A stream without a word for this long is a connection that has died: figures come each second. */
const silenceMs = 8000

/**
 * Reads the events for ever: where the stream ends it is opened again, from the last event on.
 *
 * @param {object} handlers
 * @param {(event: LiveEvent) => void} handlers.onEvent
 * @param {(state: 'live' | 'lost') => void} handlers.onState
 * @param {() => Promise<void>} handlers.whenTokenWanted  resolves once there is one to try
 */
export async function followEvents({ onEvent, onState, whenTokenWanted }) {
  let lastEventId = ''
  let pauseMs = firstPauseMs
  for (;;) {
    const silence = new AbortController()
    let timer = setTimeout(() => silence.abort(), silenceMs)
    const isAlive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), silenceMs)
    }
    try {
      const headers = lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId }
      const response = await ask('events', { headers, signal: silence.signal })
      if (response.status !== 200 || response.body === null) throw new Error('no events')
      onState('live')
      for await (const { id, event } of readEvents(response.body, isAlive)) {
        pauseMs = firstPauseMs
        if (id !== null) lastEventId = id
        if (event !== null) onEvent(event)
      }
    } catch (failure) {
      if (failure instanceof TokenWanted) {
        clearTimeout(timer)
        await whenTokenWanted()
        continue
      }
    } finally {
      clearTimeout(timer)
    }
    onState('lost')
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} isAlive  called at each sign of life
 * @returns {AsyncGenerator<{ id: string | null, event: LiveEvent | null }>}
 */
async function* readEvents(body, isAlive) {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    isAlive()
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) yield parseEvent(block)
  }
}

/**
 * @param {string} block
 * @returns {{ id: string | null, event: LiveEvent | null }}
 */
function parseEvent(block) {
  /** @type {Map<string, string>} */
  const fields = new Map()
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).trimStart())
  }
  const name = fields.get('event')
  const data = fields.get('data')
  const id = fields.get('id') ?? null
  return {
    id,
    event: name === undefined || data === undefined ? null : toEvent(name, JSON.parse(data)),
  }
}

/**
 * Names that this page does not know are of a newer server.
 *
 * @param {string} name
 * @param {any} data
 * @returns {LiveEvent | null}
 */
function toEvent(name, data) {
  switch (name) {
    case 'reload-began':
    case 'reload-ended':
    case 'source':
    case 'figures':
    case 'missed':
    case 'hello':
      return { name, data }
    default:
      return null
  }
}
