/**
 * Puts the schema mark into a database, or takes it away, in one transaction: it is there as a whole
 * afterwards or not at all. Whether a role may create event triggers depends on the server and on
 * who runs it, so it is tried, and a refusal is told in plain words. A mark that is installed but
 * does not move would be worse than none, so it has to move once before it stays.
 */
import { BackendFailure } from '../../../errors/backend-failure.ts'
import type { MarkReport } from '../../backend.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { eventTriggers, installSteps, removeSteps, type ScriptStep } from './mark-script.ts'
import { readMark, sqlStateOf } from './read-mark.ts'

const lockTimeoutMs = 5000

/** Never rejects for what the server refuses: that is the report. Rejects when it cannot be asked. */
export function installMark(query: ControlQuery): Promise<MarkReport> {
  return inTransaction(query, async () => {
    const before = await describeBefore(query)
    for (const step of installSteps) await take(query, step)
    const still = await trial(query)
    if (still !== null) return { done: false, text: `${still}\nNothing was changed.` }
    return {
      done: true,
      text: `The schema mark is installed${before}: changes of the schema in this database are marked from now on.`,
    }
  })
}

/** As `installMark`. */
export function removeMark(query: ControlQuery): Promise<MarkReport> {
  return inTransaction(query, async () => {
    const [look] = await query(
      `select to_regnamespace('dbrest') is not null
        or exists (select from pg_catalog.pg_event_trigger where evtname = any ($1)) as is_there`,
      [`{${eventTriggers.join(',')}}`],
    )
    if (look?.['is_there'] !== 't') {
      return { done: true, text: 'There is no schema mark in this database.' }
    }
    for (const step of removeSteps) await take(query, step)
    return { done: true, text: 'The schema mark is removed.' }
  })
}

/** Which statement was refused, and for what purpose it was. */
class Refusal extends Error {
  readonly step: ScriptStep
  readonly sqlState: string

  constructor(step: ScriptStep, sqlState: string, cause: BackendFailure) {
    super(cause.message, { cause })
    this.step = step
    this.sqlState = sqlState
  }
}

async function take(query: ControlQuery, step: ScriptStep): Promise<void> {
  try {
    await query(step.sql)
  } catch (failure) {
    const sqlState = sqlStateOf(failure)
    if (sqlState === null || !(failure instanceof BackendFailure)) throw failure
    throw new Refusal(step, sqlState, failure)
  }
}

async function inTransaction(
  query: ControlQuery,
  work: () => Promise<MarkReport>,
): Promise<MarkReport> {
  await query('begin')
  try {
    await query(`select set_config('lock_timeout', $1, true)`, [`${lockTimeoutMs}ms`])
    const report = await work()
    await query(report.done ? 'commit' : 'rollback')
    return report
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure
    await query('rollback')
    return { done: false, text: explain(failure) }
  }
}

async function describeBefore(query: ControlQuery): Promise<string> {
  const reading = await readMark(query, false)
  switch (reading.kind) {
    case 'absent':
      return ''
    case 'found':
      return ' anew'
    case 'unfit':
      return ` anew (before, ${reading.cause})`
  }
}

/** Changes the schema once; null when that moved the mark, else what it means that it did not. */
async function trial(query: ControlQuery): Promise<string | null> {
  const marksNow = async () => {
    const [row] = await query(`select count(*)::text as marks from dbrest.schema_mark`)
    return Number(row?.['marks'])
  }
  const before = await marksNow()
  const purpose = 'try whether a change is marked'
  await take(query, { purpose, sql: 'create table dbrest.trial ()' })
  const afterDdl = await marksNow()
  await take(query, { purpose, sql: 'drop table dbrest.trial' })
  const afterDrop = await marksNow()
  if (afterDdl > before && afterDrop > afterDdl) return null
  const [row] = await query(`select current_user::text as role,
    coalesce(current_setting('event_triggers', true), 'on') as setting`)
  return row?.['setting'] === 'off'
    ? 'The server has event triggers switched off (event_triggers = off), so a change was not marked.'
    : `The server accepted the event triggers, but did not run them for a change by ${row?.['role']}: some services pass over them for roles of their own.`
}

const whoMay =
  'PostgreSQL lets superusers alone create event triggers; services let a role that they name, or nobody. ' +
  'Have such a role run it: dbrest schema-mark install postgresql://that_role@…, or let it run what dbrest schema-mark print shows.'

/** SQLSTATE → what to do about it. */
const advice: ReadonlyMap<string, string> = new Map([
  ['42501', whoMay],
  ['25006', 'This server can be read only: a replica has the mark of its primary.'],
  ['55P03', 'Something else holds a lock on it: try again when no migration runs.'],
  ['2BP01', 'The schema dbrest holds objects that are not of the schema mark: move them first.'],
])

function explain({ step, sqlState, message }: Refusal): string {
  const known = advice.get(sqlState)
  const refused = `The server refused to ${step.purpose}: ${message} (${sqlState}).`
  return [refused, ...(known === undefined ? [] : [known]), 'Nothing was changed.'].join('\n')
}
