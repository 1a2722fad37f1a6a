/**
 * Plays a page of docs/ as a reader would: its commands in one bash in an empty folder, `dbrest` being
 * the built server, its SQL where it says, its files under their names; what is answered has to be
 * what the page shows. Ports are free ones in the place of those of the page, in both directions.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { expect } from 'vitest'
import { type BashSession, openBash } from './bash-session.ts'
import { checkBlock } from './check-docs-block.ts'
import { answerMatches, answerOccurs } from './docs-answer.ts'
import {
  type CommandStep,
  commandLanguages,
  type DocsAction,
  type DocsPage,
  type ShownAnswer,
} from './docs-page.ts'
import { createMongodbDatabase, isMongodbHere } from './mongodb.ts'
import { type Cluster, freePort, startCluster } from './postgres.ts'
import { findTool } from './tool.ts'

const root = join(import.meta.dirname, '..', '..')
const waitLimitMs = 60_000

/** Programs that pages use, and that not every machine has. */
const tools = ['curl', 'psql', 'createdb', 'sqlite3', 'openssl', 'jq']
/** What every machine has. */
const basics =
  'bash sh cat ls mkdir rm cp mv chmod touch head tail wc sort tr cut date sleep grep sed awk env seq tee diff'.split(
    ' ',
  )

function textOf(action: DocsAction): string {
  return action.kind === 'commands' ? action.steps.map(({ text }) => text).join('\n') : action.text
}

/** Typed in, or a script that is. */
function isOfCommands(action: DocsAction): boolean {
  return (
    action.kind === 'commands' ||
    (action.kind === 'file' && commandLanguages.includes(action.language))
  )
}

/** What stands in front of a command: the start of a line, another command, a word of the shell. */
const beforeCommand = '(?:^|[|;&({!]|\\b(?:do|then|else|if|while|until)\\s)\\s*(?:\\w+=\\S*\\s+)*'

/** Null where all is there that the page is played with; else what is not. */
export function whatIsMissing(page: DocsPage): string | null {
  if (page.needs.includes('mongodb') && !isMongodbHere) return 'a MongoDB server'
  const commands = page.actions.filter(isOfCommands).map(textOf).join('\n')
  const used = tools.filter((name) => new RegExp(`${beforeCommand}${name}\\b`, 'm').test(commands))
  return used.find((name) => findTool(name) === null) ?? null
}

/** What of a page stands for something else while it is played. */
interface Stand {
  /** From the page's words to those that are run. */
  in(text: string): string
  /** Back, in what was answered. */
  out(text: string): string
}

/** Ports that readers of the page have free, and databases that they have a server for. */
async function standsFor(
  page: DocsPage,
  cluster: Cluster | null,
  mongodb: ReadonlyMap<string, string>,
) {
  const texts = page.actions.map(textOf).join('\n')
  const found = new Set(['3000', ...(texts.match(/\b(?:30\d\d|4000|8080)\b/g) ?? [])])
  const ports = new Map<string, string>()
  for (const port of found) ports.set(port, String(await freePort()))
  if (cluster !== null) ports.set('5432', String(cluster.port))
  const pairs = [...mongodb, ...ports]
  const stand: Stand = {
    in: (text) =>
      pairs.reduce((all, [from, to]) => all.replace(new RegExp(`\\b${from}\\b`, 'g'), to), text),
    out: (text) =>
      pairs.reduce(
        (all, [from, to]) =>
          all.replace(new RegExp(`\\b${to.replace(/[?.]/g, '\\$&')}\\b`, 'g'), from),
        text,
      ),
  }
  return { stand, port: ports.get('3000') ?? '' }
}

/**
 * The commands that a page may use, as the one folder of its `PATH`. Whatever else it says, such as a
 * package manager or a container's, would act on the machine of the tests: it is not found.
 */
function layCommands(bin: string, more: ReadonlyMap<string, string>): void {
  mkdirSync(bin)
  symlinkSync(process.execPath, join(bin, 'node'))
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const name of [...basics, ...tools]) {
    const found = folders.map((folder) => join(folder, name)).find(existsSync)
    if (found !== undefined) symlinkSync(found, join(bin, name))
  }
  const main = join(root, 'dist', 'main.js')
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  const own = [...more].map(([name, path]) => [name, `exec '${path}' "$@"`] as const)
  const scripts = {
    ...Object.fromEntries(own),
    dbrest: `exec node '${main}' "$@"`,
    npx: [
      'command="$1"; shift',
      'case "$command" in',
      `dbrest) exec node '${main}' "$@" ;;`,
      `tsc) exec '${tsc}' "$@" ;;`,
      ...own.map(([name, script]) => `${name}) ${script} ;;`),
      '*) echo "npx $command is not there in tests" >&2; exit 127 ;;',
      'esac',
    ].join('\n'),
  }
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
}

/** Packages that programs of a page import: those beside its commands, of the checkout, and dbrest itself. */
function layPackages(folder: string, commands: readonly string[]): void {
  mkdirSync(folder)
  const beside = commands
    .map((path) => dirname(dirname(path)))
    .filter((path) => basename(path) === 'node_modules')
  for (const packages of [...beside, join(root, 'node_modules')]) {
    for (const name of readdirSync(packages).filter((entry) => !entry.startsWith('.'))) {
      if (!existsSync(join(folder, name))) symlinkSync(join(packages, name), join(folder, name))
    }
  }
  if (!existsSync(join(folder, 'dbrest'))) symlinkSync(root, join(folder, 'dbrest'))
}

interface Player {
  readonly name: string
  readonly bash: BashSession
  readonly stand: Stand
  readonly cluster: Cluster | null
}

/** Fails with the place of the page, what it shows and what was answered. */
function expectAnswer(place: string, shown: ShownAnswer, answered: string, isRight: boolean): void {
  expect(isRight ? shown.text : answered, place).toBe(shown.text)
}

/** The body of an answer that is a refusal, or its header where `curl -i` shows that. */
const refusal = /^(?:\{"code":"\w{5,8}",.*"message":|Proxy-Status:.*\berror=)/im

/** A server answers once it says so; the reader looks for that line too. */
async function untilServing(player: Player, step: CommandStep, job: number, from: number) {
  if (!/\bdbrest\b/.test(step.text) || /--types|\d>|&>/.test(step.text)) return
  const deadline = Date.now() + waitLimitMs
  for (;;) {
    const lines = player.bash.stderr().slice(from)
    if (/API server listening on/.test(lines)) return
    const isGone = await player.bash.run(`kill -0 ${job} 2>/dev/null`)
    if (isGone.code !== 0 || Date.now() > deadline) {
      throw new Error(`${player.name}:${step.line}: the server does not serve:\n${lines}`)
    }
    await player.bash.printed(500)
  }
}

/** A server's lines come when they come. */
async function untilPrinted(player: Player, step: CommandStep, shown: ShownAnswer, from: number) {
  const deadline = Date.now() + waitLimitMs
  for (;;) {
    const lines = player.stand.out(player.bash.stderr().slice(from))
    const isThere = answerOccurs(shown, lines)
    if (isThere || Date.now() > deadline) {
      expectAnswer(`${player.name}:${step.line}: ${step.text}`, shown, lines, isThere)
      return
    }
    await player.bash.printed(500)
  }
}

async function playStep(
  player: Player,
  step: CommandStep,
  { fails, isEventual }: { readonly fails: boolean; readonly isEventual: boolean },
): Promise<void> {
  const { bash, stand, name } = player
  const place = `${name}:${step.line}: ${step.text}`
  const deadline = Date.now() + waitLimitMs
  for (;;) {
    const from = bash.stderr().length
    // what fails ends the rest of its step, as `set -e` has it
    const typed = stand.in(step.text)
    // answers of clients are on stdout, without what a server beside them prints
    const script = step.isBackground ? `{ ${typed}\n} >&2` : typed
    const end = await bash.run(fails ? `set +e\n${script}` : `set -e\n${script}`)
    const reset = await bash.run('set +e')
    if (end.code === null || reset.code === null || (end.code !== 0) !== fails) {
      throw new Error(`${place}\nended with ${end.code}:\n${end.stdout}${end.stderr}`)
    }
    if (step.isBackground) await untilServing(player, step, end.job, from)
    const stdout = stand.out(end.stdout)
    if (step.answer === null) {
      if (refusal.test(stdout)) {
        throw new Error(`${place}\nis refused, which the page does not show:\n${stdout}`)
      }
      return
    }
    if (stdout.trim() === '') return untilPrinted(player, step, step.answer, from)
    const isRight = answerMatches(step.answer, stdout)
    if (isRight || !isEventual || Date.now() > deadline) {
      return expectAnswer(place, step.answer, stdout, isRight)
    }
  }
}

async function answerTo(player: Player, script: string): Promise<string> {
  return (await player.bash.run(script)).stdout.trim()
}

/** The rows of the last statement, or the words in which it was refused. */
async function runSql(player: Player, target: string, text: string): Promise<string> {
  if (!/^postgres(ql)?:/.test(target)) {
    const db = new Database(join(await answerTo(player, 'pwd'), target.replace(/^file:/, '')))
    try {
      if (/^\s*(select|with|values)\b/i.test(text)) return JSON.stringify(db.prepare(text).all())
      db.exec(text)
      return ''
    } finally {
      db.close()
    }
  }
  const uri = new URL(target)
  uri.hostname = '127.0.0.1'
  if (uri.port === '') uri.port = String(player.cluster?.port)
  const client = new pg.Client(uri.href)
  await client.connect()
  try {
    const result: unknown = await client.query(text)
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult
    return JSON.stringify(last.rows)
  } catch (error) {
    if (error instanceof pg.DatabaseError) return `ERROR:  ${error.message}`
    throw error
  } finally {
    await client.end()
  }
}

async function play(player: Player, action: DocsAction): Promise<void> {
  const place = `${player.name}:${action.line}`
  switch (action.kind) {
    case 'commands':
      for (const [index, step] of action.steps.entries()) {
        const isLast = index === action.steps.length - 1
        const { fails, isEventual } = action
        await playStep(player, step, { fails: fails && isLast, isEventual })
      }
      return
    case 'file': {
      const path = join(await answerTo(player, 'pwd'), action.name)
      mkdirSync(dirname(path), { recursive: true })
      return writeFileSync(path, player.stand.in(action.text))
    }
    case 'sql': {
      const target = await answerTo(player, `printf %s "${player.stand.in(action.target)}"`)
      const answered = await runSql(player, target, player.stand.in(action.text))
      if (action.answer === null) return expect(answered, place).not.toMatch(/^ERROR/)
      const isRight = answerMatches(action.answer, player.stand.out(answered))
      return expectAnswer(place, action.answer, answered, isRight)
    }
    case 'checked':
      return expect(await checkBlock(action.language, action.text), place).toBeNull()
  }
}

/**
 * `name` is the page's in messages, `commands` are those that it may use beyond the usual, with their
 * paths. Rejects with the first thing that is not as the page says.
 */
export async function playDocsPage(
  name: string,
  page: DocsPage,
  commands: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'dbrest-docs-'))
  const releases = [async () => rmSync(base, { recursive: true, force: true })]
  const failures: unknown[] = []
  try {
    const folder = join(base, 'reader')
    mkdirSync(folder)
    layCommands(join(base, 'bin'), commands)
    layPackages(join(base, 'node_modules'), [...commands.values()])
    // what it prints while it waits is no answer
    writeFileSync(join(base, '.curlrc'), 'silent\nshow-error\n')
    const cluster = page.needs.includes('postgresql') ? await startCluster() : null
    if (cluster !== null) releases.push(() => cluster.destroy())
    const mongodb = page.needs.includes('mongodb') ? await createMongodbDatabase() : null
    if (mongodb !== null) releases.push(() => mongodb.drop())
    const uris = new Map(mongodb === null ? [] : [['mongodb://localhost/shop', mongodb.uri]])
    const { stand, port } = await standsFor(page, cluster, uris)
    const bash = openBash(folder, {
      PATH: join(base, 'bin'),
      HOME: base,
      // for files of it that a page has at hand
      CHECKOUT: root,
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      // of a server that is told none
      PORT: port,
      ...(cluster === null
        ? {}
        : { PGHOST: '127.0.0.1', PGPORT: String(cluster.port), PGUSER: 'postgres' }),
    })
    releases.push(() => bash.close())
    for (const action of page.actions) await play({ name, bash, stand, cluster }, action)
  } catch (error) {
    failures.push(error)
  }
  // one that fails leaves the others to be released
  for (const release of releases.reverse()) {
    await release().catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 1) throw new AggregateError(failures, failures.map(String).join('\n\n'))
  if (failures.length === 1) throw failures[0]
}
