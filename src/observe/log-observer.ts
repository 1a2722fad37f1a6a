/**
 * The log: access lines on stdout, everything else on stderr, each in one write so that lines never
 * mix. `log-format=text` writes PostgREST's lines, `json` one object a line (pino).
 *
 * Pool timeouts are debounced: one line at once, and one more after five seconds if others came.
 */
import { pino } from 'pino'
import type { LogLevel } from '../core/log-level.ts'
import { errorLogJson } from '../errors/error-envelope.ts'
import { logFields } from './log-fields.ts'
import type { LineLevel, LogLine } from './log-line.ts'
import { accessLine, logLine, logTime } from './log-lines.ts'
import type { Observation, Observe } from './observation.ts'

export interface LogDeps {
  /** Read at every line: `log-level` is reloadable. */
  readonly level: () => LogLevel
  readonly format: 'text' | 'json'
  /** The number of this process among those that answer requests, which its lines name; absent: it is the only one. */
  readonly worker?: number
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
  readonly now: () => Date
  /** Runs `work` later without keeping the process alive. */
  readonly later: (work: () => void, delayMs: number) => void
}

const poolTimeoutPauseMs = 5000

const ranks: Readonly<Record<LogLevel, number>> = { crit: 0, error: 1, warn: 2, info: 3, debug: 4 }

/** Which answers are logged: crit none, error 5xx, warn 4xx and 5xx, info and debug all. */
function logsStatus(level: LogLevel, status: number): boolean {
  switch (level) {
    case 'crit':
      return false
    case 'error':
      return status >= 500
    case 'warn':
      return status >= 400
    case 'info':
    case 'debug':
      return true
  }
}

function isLogged(line: LineLevel, status: number | undefined, level: LogLevel): boolean {
  if (line === 'never') return false
  if (line === 'status') return logsStatus(level, status ?? 0)
  return ranks[level] >= ranks[line]
}

type Sink = (observation: Observation, level: LogLevel) => void

function textsAt(line: LogLine, level: LogLevel): readonly string[] {
  return level === 'debug' ? [...line.texts, ...(line.debugTexts ?? [])] : line.texts
}

/** In front of the words of a line. Access lines have a format that readers know. */
function labelOf({ worker }: LogDeps): string {
  return worker === undefined ? '' : `[worker ${worker}] `
}

function workerField({ worker }: LogDeps): Readonly<Record<string, number>> {
  return worker === undefined ? {} : { worker }
}

function textSink(deps: LogDeps): Sink {
  const label = labelOf(deps)
  return (observation, level) => {
    if (observation.kind === 'request-finished') {
      deps.writeOut(`${accessLine(observation, logTime(deps.now()))}\n`)
      return
    }
    const line = logLine(observation)
    if (!isLogged(line.level, line.status, level)) return
    const time = logTime(deps.now())
    for (const text of textsAt(line, level)) deps.writeError(`${time}: ${label}${text}\n`)
  }
}

type Grade = 'error' | 'warn' | 'info' | 'debug'

/** How readers of the JSON log are to take what tells no more by the level that it is written at. */
const grades: Partial<Readonly<Record<Observation['kind'], Grade>>> = {
  fatal: 'error',
  'stopping-failed': 'error',
  'config-invalid': 'error',
  'config-settings-failed': 'error',
  'reload-failed': 'error',
  'listener-failed': 'error',
  'config-needs-restart': 'warn',
  'config-warnings': 'warn',
  'deprecated-claim-key': 'warn',
  'legacy-target-name': 'warn',
  'notification-unknown': 'warn',
  'relations-unreadable': 'warn',
  'functions-unusable': 'warn',
  'relationships-unusable': 'warn',
  'transactions-absent': 'warn',
  'patterns-unmatched': 'warn',
  'policies-unbound': 'warn',
  'worker-ended': 'error',
  'worker-unresponsive': 'error',
  'pool-exceeded': 'warn',
  'change-unmarked': 'warn',
  'schema-changed': 'info',
}

function gradeOf({ kind }: Observation, level: LineLevel): Grade {
  return grades[kind] ?? (level === 'debug' || level === 'error' ? level : 'info')
}

function jsonSink(deps: LogDeps): Sink {
  const options = {
    base: deps.worker === undefined ? null : workerField(deps),
    timestamp: () => `,"time":"${deps.now().toISOString()}"`,
    level: 'debug',
  }
  const out = pino(options, { write: deps.writeOut })
  const errors = pino(options, { write: deps.writeError })
  return (observation, level) => {
    if (observation.kind === 'request-finished') {
      const { kind, ...fields } = observation
      out.info({ event: kind, ...fields })
      return
    }
    const line = logLine(observation)
    if (!isLogged(line.level, line.status, level)) return
    const { kind } = observation
    const fields = { event: kind, ...logFields(observation) }
    errors[gradeOf(observation, line.level)](fields, textsAt(line, level).join('\n'))
  }
}

/** Throws  never: a log that cannot be written is lost, the server goes on */
export function createLogObserver(deps: LogDeps): Observe {
  const sink = deps.format === 'json' ? jsonSink(deps) : textSink(deps)
  let isPausing = false
  let isPending = false

  function poolTimeout(): void {
    if (isPausing) {
      isPending = true
      return
    }
    isPausing = true
    isPending = false
    const text = errorLogJson({ kind: 'acquisition-timeout' })
    deps.writeError(
      deps.format === 'json'
        ? `${JSON.stringify({ level: 50, ...workerField(deps), time: deps.now().toISOString(), event: 'pool-timeout', msg: text })}\n`
        : `${logTime(deps.now())}: ${labelOf(deps)}${text}\n`,
    )
    deps.later(() => {
      isPausing = false
      if (isPending) poolTimeout()
    }, poolTimeoutPauseMs)
  }

  return (observation) => {
    const level = deps.level()
    if (observation.kind === 'pool-timeout') {
      if (ranks[level] >= ranks.error) poolTimeout()
    } else if (observation.kind !== 'request-finished' || logsStatus(level, observation.status)) {
      sink(observation, level)
    }
  }
}
