/**
 * The same random requests to PostgreSQL and to another engine over the same rows, with PostgreSQL as
 * the judge: status, headers, body and, after a write, the rows of every table are equal, or
 * `known-differences.ts` says why not.
 *
 * Every round begins with the same rows, so a request that failed is found again by seed and round.
 * Numbers that an engine gives to new rows are made comparable: PostgreSQL's sequences, which go on
 * where a write failed and do not follow numbers that were given, start behind the greatest one
 * before each write, which is what SQLite's rowids do.
 */
import { isDeepStrictEqual } from 'node:util'
import { createRandom } from '../fuzz/random.ts'
import { type PostgresApi, servePostgres } from '../support/postgres-api.ts'
import { type Answer, comparable, toAnswer } from './compare-answers.ts'
import type { JudgedEngine, ServedEngine } from './engine.ts'
import { type Asked, generateRead } from './generate-read.ts'
import { generateWrite } from './generate-write.ts'

/** Of all engines. On a busy machine a request may wait for long until it has a connection. */
export const servedWith = {
  dbTxEnd: 'commit-allow-override',
  dbPoolAcquisitionTimeout: 600,
} as const

const requestsOfRound = 25
const shareOfWrites = 0.6

export interface CampaignReport {
  readonly unexplained: readonly string[]
  readonly statuses: ReadonlyMap<string, number>
  readonly explained: ReadonlyMap<string, number>
}

export interface Campaign {
  play(requests: number, seed: number): Promise<CampaignReport>
  stop(): Promise<void>
}

export async function openCampaign(engine: JudgedEngine): Promise<Campaign> {
  const served = await engine.serve()
  const postgres = await servePostgres(engine.judgeSchema, servedWith)
  const equalTexts = new Map<string, string>()
  return {
    play: (requests, seed) =>
      playCampaign({ engine, served, postgres, equalTexts }, requests, seed),
    async stop() {
      await served.stop()
      await postgres.stop()
    },
  }
}

interface Opponents {
  readonly engine: JudgedEngine
  readonly served: ServedEngine
  readonly postgres: PostgresApi
  /** By table: what both have said of its rows when they were last found equal. */
  readonly equalTexts: Map<string, string>
}

type Replies = Awaited<ReturnType<typeof ask>>
type Answers = readonly [judge: Answer, answer: Answer]

function ask(asked: Asked, { served, postgres }: Opponents) {
  const { target, headers, method, body } = asked
  const init = { method, headers, ...(body === null ? {} : { body }) }
  return Promise.all([postgres.ask(target, init), served.ask(asked)])
}

function toAnswers([judge, answer]: Replies, { served }: Opponents): Answers {
  return [
    toAnswer(judge.status, judge.headers, judge.text, 'public'),
    toAnswer(answer.status, answer.headers, answer.text, served.schema),
  ]
}

async function startRound({ engine, served, postgres }: Opponents): Promise<void> {
  await served.startRound()
  await postgres.query(engine.judgeRows)
}

async function resync({ engine, postgres }: Opponents): Promise<void> {
  if (engine.resync === null) return
  const { status, text } = await postgres.ask(engine.resync, { method: 'POST' })
  if (status >= 300) throw new Error(text)
}

/** Null: every table has the same rows on both. */
async function differingRows(opponents: Opponents): Promise<string | null> {
  const written = opponents.engine.tables.filter(({ uniqueKeys }) => uniqueKeys.length > 0)
  const allRows = written.map(({ name, key }): Asked => {
    return { method: 'GET', target: `/${name}?order=${key.join(',')}`, headers: {}, body: null }
  })
  const pairs = await Promise.all(allRows.map((asked) => ask(asked, opponents)))
  for (const [at, replies] of pairs.entries()) {
    const target = allRows[at]?.target ?? ''
    // most writes leave most tables as they were
    const texts = JSON.stringify(replies.map(({ status, text }) => [status, text]))
    if (opponents.equalTexts.get(target) === texts) continue
    const [judge, answer] = toAnswers(replies, opponents)
    if (!isDeepStrictEqual(comparable(judge), comparable(answer)))
      return `${target} ${firstDifference(judge, answer, opponents.engine.name)}`
    opponents.equalTexts.set(target, texts)
  }
  return null
}

function firstDifference(judge: Answer, answer: Answer, name: string): string {
  const rows = ({ status, body }: Answer) =>
    Array.isArray(body)
      ? body.map((row) => JSON.stringify(row))
      : [`${status} ${JSON.stringify(body)}`]
  const [wanted, found] = [rows(judge), rows(answer)]
  const missing = wanted.filter((row) => !found.includes(row)).slice(0, 2)
  const extra = found.filter((row) => !wanted.includes(row)).slice(0, 2)
  return `PostgreSQL ${missing.join(' ')} ${name} ${extra.join(' ')}`
}

function isTaken({ status }: Answer): boolean {
  return status < 300
}

function shown({ method, target, headers, body }: Asked, index: number): string {
  return `${index}: ${method} ${decodeURIComponent(target)} ${JSON.stringify(headers)} ${body ?? ''}`
}

function compared(judge: Answer, answer: Answer, name: string): string {
  const cut = (value: unknown) => JSON.stringify(value).slice(0, 700)
  return `    PostgreSQL ${cut(comparable(judge))}\n    ${name.padEnd(10)} ${cut(comparable(answer))}`
}

async function playCampaign(
  opponents: Opponents,
  requests: number,
  seed: number,
): Promise<CampaignReport> {
  const { name, tables, adapt, knownDifferences } = opponents.engine
  const unexplained: string[] = []
  const explained = new Map<string, number>()
  const statuses = new Map<string, number>()
  const count = (counts: Map<string, number>, key: string) =>
    counts.set(key, (counts.get(key) ?? 0) + 1)
  let isDirty = true
  for (let index = 0; index < requests; index += 1) {
    if (isDirty || index % requestsOfRound === 0) await startRound(opponents)
    isDirty = false
    const isWrite = createRandom(seed, index).chance(shareOfWrites)
    const generate = isWrite ? generateWrite : generateRead
    const asked = adapt(generate(tables, seed, index))
    if (isWrite) await resync(opponents)
    const [judge, answer] = toAnswers(await ask(asked, opponents), opponents)
    count(statuses, `${asked.method} ${judge.status}`)
    const isOrdered = /[?&]order=/.test(asked.target)
    const isEqual = isDeepStrictEqual(comparable(judge, isOrdered), comparable(answer, isOrdered))
    const rows = isWrite ? await differingRows(opponents) : null
    isDirty = rows !== null
    const known =
      isEqual && rows === null
        ? []
        : knownDifferences.filter(({ explains }) => explains(asked, judge, answer))
    const [first] = known
    if (first !== undefined) count(explained, first.name)
    // where one engine alone took a write, its rows are its own
    const isOfOne = known.length > 0 && isTaken(judge) !== isTaken(answer)
    const mayDiffer = isOfOne || known.some(({ isOfRows }) => isOfRows === true)
    if ((isEqual || known.length > 0) && (rows === null || mayDiffer)) continue
    unexplained.push(
      [
        shown(asked, index),
        compared(judge, answer, name),
        ...(rows === null ? [] : [`    rows ${rows}`]),
      ].join('\n'),
    )
  }
  return { unexplained, statuses, explained }
}
