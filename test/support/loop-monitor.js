/**
 * Loaded into a server before its own code (`node --import`): measures for how much processor time
 * each turn holds the event loop, and writes the longest turns to the file that LOOP_REPORT names.
 *
 * Processor time of the main thread, collecting garbage included, so that a busy machine makes no
 * turn longer. A turn is what lies between two runs of a timer that is always due: the loop runs a
 * due timer once each time round. Within a turn, the longest stretch between two marks says which
 * request it was for: requests that begin, have sent their body or are answered leave a mark.
 */
import { subscribe } from 'node:diagnostics_channel'
import { openSync, readSync, renameSync, writeFileSync } from 'node:fs'

const { LOOP_REPORT: report } = process.env
const kept = 40
const read = Buffer.alloc(128)

/** Milliseconds of processor time; where the system does not tell of one thread, that of all. */
function clock() {
  if (typeof process.threadCpuUsage === 'function') {
    return () => {
      const { user, system } = process.threadCpuUsage()
      return (user + system) / 1000
    }
  }
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`)
    return () =>
      Number.parseInt(read.toString('latin1', 0, readSync(file, read, 0, 128, 0)), 10) / 1e6
  } catch {
    return () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1000
    }
  }
}

const now = clock()
const longest = []
let isServing = false
let turnBegan = now()
let last = { at: turnBegan, holds: null }
let stretch = { ms: 0, request: null }

/** `ended`: the request that the stretch up to here was for, where its begin does not say. */
function mark(holds, ended) {
  const at = now()
  const ms = at - last.at
  if (ms > stretch.ms) stretch = { ms, request: last.holds ?? ended }
  last = { at, holds }
}

function keep(ms) {
  if (longest.length === kept && ms <= longest[kept - 1].ms) return
  longest.push({ ms, ...(stretch.request === null ? {} : { request: stretch.request }) })
  longest.sort((a, b) => b.ms - a.ms)
  longest.length = Math.min(longest.length, kept)
  // whoever reads it meanwhile sees a whole one
  writeFileSync(`${report}.new`, JSON.stringify(longest))
  renameSync(`${report}.new`, report)
}

function turn() {
  mark(null, null)
  // what starting costs is not measured
  if (isServing) keep(last.at - turnBegan)
  turnBegan = now()
  last = { at: turnBegan, holds: null }
  stretch = { ms: 0, request: null }
  setTimeout(turn, 1).unref()
}

const nameOf = ({ headers, method, url }) =>
  `${headers['x-request-number'] ?? ''} ${method} ${url.slice(0, 120)}`.trim()

if (report !== undefined) {
  subscribe('http.server.request.start', ({ request }) => {
    const name = nameOf(request)
    isServing ||= request.headers['x-request-number'] !== undefined
    mark(name, null)
    request.once('end', () => mark(name, null))
  })
  subscribe('http.server.response.finish', ({ request }) => mark(null, nameOf(request)))
  turn()
}
