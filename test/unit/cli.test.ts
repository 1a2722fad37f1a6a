import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FileKind, fileKind } from '../../src/backends/sqlite/process/sqlite-header.ts'
import { type Command, helpText, parseCommand, probe, versionText } from '../../src/cli.ts'
import { loadTestConfig } from '../support/load-test-config.ts'

const kinds: Readonly<Record<string, FileKind>> = {
  'app.conf': 'other',
  'other.conf': 'other',
  'films.db': 'sqlite',
  films: 'sqlite',
  'empty.sqlite': 'other',
  '-dash.conf': 'other',
}

function parse(...argv: string[]): Command | string {
  const command = parseCommand(argv, { fileKind: (path) => kinds[path] ?? 'missing' })
  return command.ok ? command.value : command.error
}

describe('parseCommand', () => {
  test.each<[readonly string[], Command]>([
    [[], { kind: 'run' }],
    [['app.conf'], { kind: 'run', configFile: 'app.conf' }],
    [['--config', 'app.conf'], { kind: 'run', configFile: 'app.conf' }],
    [['--config=app.conf'], { kind: 'run', configFile: 'app.conf' }],
    [['-config', 'app.conf'], { kind: 'run', configFile: 'app.conf' }],
    [['-config=app.conf'], { kind: 'run', configFile: 'app.conf' }],
    [['--config', 'app.conf', 'app.conf'], { kind: 'run', configFile: 'app.conf' }],
    [['films.db'], { kind: 'run', database: 'films.db' }],
    [
      ['--defaults', 'other.conf', 'app.conf'],
      { kind: 'run', configFile: 'app.conf', defaultsFile: 'other.conf' },
    ],
    [
      ['--health', '--defaults=other.conf', 'films.db'],
      { kind: 'health', database: 'films.db', defaultsFile: 'other.conf' },
    ],
    [['films'], { kind: 'run', database: 'films' }],
    [['empty.sqlite'], { kind: 'run', database: 'empty.sqlite' }],
    [['postgresql://u@h/d'], { kind: 'run', database: 'postgresql://u@h/d' }],
    [['mongodb://h/d'], { kind: 'run', database: 'mongodb://h/d' }],
    [['file:films?mode=ro'], { kind: 'run', database: 'file:films?mode=ro' }],
    [
      ['films.db', '--config', 'app.conf'],
      { kind: 'run', configFile: 'app.conf', database: 'films.db' },
    ],
    // what cannot be served is refused by the engine, in its words
    [[':memory:'], { kind: 'run', database: ':memory:' }],
    [['sqlite:films'], { kind: 'run', database: 'sqlite:films' }],
    [['sqlite3:///films'], { kind: 'run', database: 'sqlite3:///films' }],
    [['host=h dbname=d'], { kind: 'run', database: 'host=h dbname=d' }],
    [['--dump-config'], { kind: 'dump-config' }],
    [
      ['films.db', '--read-only', '--port=80'],
      {
        kind: 'run',
        database: 'films.db',
        options: new Map([
          ['server-port', { value: '80', place: '--port' }],
          ['db-read-only', { value: true, place: '--read-only' }],
        ]),
      },
    ],
    [['films.db', '--open'], { kind: 'run', database: 'films.db', opensBrowser: true }],
    [['films.db', '--check'], { kind: 'check', database: 'films.db' }],
    [['--dump-config', '--redact'], { kind: 'dump-config', isRedacted: true }],
    [['--dump-config', 'app.conf'], { kind: 'dump-config', configFile: 'app.conf' }],
    [['app.conf', '--dump-config'], { kind: 'dump-config', configFile: 'app.conf' }],
    [['-dump-config'], { kind: 'dump-config' }],
    [['--dump-schema', 'films.db'], { kind: 'dump-schema', database: 'films.db' }],
    [['--types', 'typescript', 'films.db'], { kind: 'types', database: 'films.db' }],
    [
      ['films.db', '--types=typescript', '--out', 'db.ts'],
      { kind: 'types', out: 'db.ts', database: 'films.db' },
    ],
    [
      ['app.conf', '--types', 'typescript', '--watch', '--out=db.ts'],
      { kind: 'watch-types', out: 'db.ts', configFile: 'app.conf' },
    ],
    [['--ready'], { kind: 'ready' }],
    [['--ready', 'app.conf'], { kind: 'ready', configFile: 'app.conf' }],
    [['--health'], { kind: 'health' }],
    [['--', '-dash.conf'], { kind: 'run', configFile: '-dash.conf' }],
    [['schema-mark', 'print'], { kind: 'schema-mark', action: 'print' }],
    [
      ['schema-mark', 'install', 'postgresql://u@h/d', '--config', 'app.conf'],
      {
        kind: 'schema-mark',
        action: 'install',
        configFile: 'app.conf',
        database: 'postgresql://u@h/d',
      },
    ],
    [
      ['schema-mark', 'remove', 'app.conf'],
      { kind: 'schema-mark', action: 'remove', configFile: 'app.conf' },
    ],
    [['--help'], { kind: 'help' }],
    [['-h'], { kind: 'help' }],
    [['--version'], { kind: 'version' }],
    [['-v'], { kind: 'version' }],
    [['--example'], { kind: 'example' }],
    [['-e'], { kind: 'example' }],
    [['--help', '--dump-config', 'gone.conf'], { kind: 'help' }],
  ])('%j', (argv, command) => {
    expect(parse(...argv)).toEqual(command)
  })

  test.each<[readonly string[], string]>([
    [['gone.conf'], "there is no configuration file 'gone.conf'"],
    [['schema-mark'], 'use one of schema-mark install, schema-mark print, schema-mark remove'],
    [
      ['schema-mark', 'app.conf'],
      'use one of schema-mark install, schema-mark print, schema-mark remove',
    ],
    [['schema-mark', 'print', 'app.conf', 'other'], "unexpected argument 'other'"],
    [['--config', 'gone.conf'], "there is no configuration file 'gone.conf'"],
    [['--defaults', 'gone.conf'], "there is no configuration file 'gone.conf'"],
    [['gone.db'], "there is no database file 'gone.db'"],
    [['gone.SQLITE3'], "there is no database file 'gone.SQLITE3'"],
    [
      ['--config', 'app.conf', 'other.conf'],
      "two configuration files: 'app.conf' and 'other.conf'",
    ],
    [['app.conf', 'other.conf'], "unexpected argument 'other.conf'"],
    [['--ready', '--health'], 'use one of --ready, --health'],
    [['--redact'], '--redact goes with --dump-config'],
    [['--types', 'swift', 'films.db'], 'use --types typescript'],
    [['--types', 'typescript', '--dump-schema'], 'use one of --dump-schema, --types'],
    [['--types', 'typescript', '--watch'], '--watch goes with --out'],
    [['--types', 'typescript', '--out='], '--out needs the name of a file'],
    [['--out', 'db.ts'], '--out goes with --types'],
    [['--watch', 'films.db'], '--watch goes with --types'],
    [['--types', 'typescript', '--redact'], '--redact goes with --dump-config'],
    [['--ready', '--redact'], '--redact goes with --dump-config'],
    [['--unknown'], "Unknown option '--unknown'; see dbrest --help"],
    [
      ['films.db', '--prot', '80'],
      "Unknown option '--prot': is --port meant? Otherwise see dbrest --help",
    ],
    [['--server-port', '80'], "Unknown option '--server-port': is --port meant"],
    [['--db-pool=2'], "Unknown option '--db-pool': db-pool is set by DBREST_DB_POOL or in a file"],
    [['--open', '--check'], '--open goes with serving a database'],
    [['--port'], "Option '--port <value>' argument missing"],
    [['-x'], "Unknown option '-x'"],
    [['-constructor'], "Unknown option '-c'"],
    [['--config'], "Option '--config <value>' argument missing"],
    [['--ready=yes'], "Option '--ready' does not take an argument"],
  ])('%j is refused: %s', (argv, problem) => {
    expect(parse(...argv)).toContain(problem)
  })
})

describe('an argument that may hold a password is not quoted', () => {
  test.each([
    ['app.conf', 'postgresql://u:topsecret@h/d'],
    ['app.conf', 'host=h password=topsecret'],
    ['app.conf', 'u:topsecret@h/d'],
    ['u:topsecret@h/d'],
    ['u:topsecret@h/films.db'],
    ['--config', 'postgresql://u:topsecret@h/d'],
    ['--config', 'app.conf', 'u:topsecret@h/d'],
    ['--postgresql://u:topsecret@h/d'],
    ['--db-uri=postgresql://u:topsecret@h/d'],
    ['-u:topsecret@h'],
  ])('%j %j %j', (...argv) => {
    const problem = parse(...argv)
    expect(problem).toEqual(expect.any(String))
    expect(problem).not.toContain('topsecret')
  })
})

test('the help names every flag', () => {
  const flags = [
    '--config',
    '--port N',
    '--host HOST',
    '--admin-port N',
    '--schema NAMES',
    '--anon-role ROLE',
    '--open',
    '--check',
    '--defaults',
    '--dump-config',
    '--redact',
    '--read-only',
    '--dump-schema',
    '--types typescript',
    '--out FILE',
    '--watch',
    '--ready',
    '--health',
    '--example',
    '--version',
    '--help',
  ]
  for (const flag of flags) expect(helpText()).toContain(flag)
})

test('the version names ours and that of the contract', () => {
  expect(versionText()).toMatch(/^dbrest \d+\.\d+\.\d+ \(PostgREST 16\.2\)\n$/)
})

describe('fileKind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-cli-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('tells SQLite files by their header', () => {
    const path = (name: string) => join(folder, name)
    writeFileSync(path('films'), 'SQLite format 3\0and more')
    writeFileSync(path('app.conf'), 'server-port = 3000')
    writeFileSync(path('empty'), '')
    const names = ['films', 'app.conf', 'empty', 'gone', 'app.conf/below', '.']
    expect(names.map((name) => fileKind(path(name)))).toEqual([
      'sqlite',
      'other',
      'other',
      'missing',
      'other',
      'other',
    ])
    expect(fileKind('/dev/stdin')).toBe('other')
  })
})

describe('probe', () => {
  let server: Server | null = null
  let asked: string[]

  beforeEach(() => {
    asked = []
  })
  afterEach(async () => {
    await stop()
  })

  async function stop(): Promise<void> {
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)))
    server = null
  }

  async function listen(status: number, at: { host?: string; path?: string }): Promise<number> {
    const started = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      response.writeHead(status).end('body')
    })
    server = started
    const where = at.path === undefined ? { port: 0, ...at } : { path: at.path }
    await new Promise<void>((resolve) => started.listen(where, resolve))
    const address = started.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  function ask(kind: 'ready' | 'health', env: Record<string, string>) {
    const prefixed = Object.entries(env).map(([name, value]) => [`PGRST_${name}`, value])
    return probe(kind, loadTestConfig({ env: Object.fromEntries(prefixed), isForProbe: true }))
  }

  const good = (label: string) => ({ exitCode: 0, stdout: `OK: ${label}\n`, stderr: '' })
  const bad = (message: string) => ({ exitCode: 1, stdout: '', stderr: `ERROR: ${message}\n` })

  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
  ])('any 2xx from %s is good', async (host, inUrl) => {
    const port = String(await listen(204, { host }))
    const env = { SERVER_HOST: host, ADMIN_SERVER_PORT: port }
    expect(await ask('ready', env)).toEqual(good(`http://${inUrl}:${port}/ready`))
    expect(await ask('health', env)).toEqual(good(`http://${inUrl}:${port}/health`))
    expect(asked).toEqual(['GET /ready', 'GET /health'])
  })

  test('the admin host is asked before server-host', async () => {
    const port = String(await listen(200, { host: '127.0.0.1' }))
    const env = { SERVER_HOST: '*4', ADMIN_SERVER_HOST: '127.0.0.1', ADMIN_SERVER_PORT: port }
    expect(await ask('ready', env)).toEqual(good(`http://127.0.0.1:${port}/ready`))
  })

  test.each([500, 503, 404, 302])('%i is bad', async (status) => {
    const port = String(await listen(status, { host: '127.0.0.1' }))
    const env = { SERVER_HOST: '127.0.0.1', ADMIN_SERVER_PORT: port }
    expect(await ask('ready', env)).toEqual(bad(`http://127.0.0.1:${port}/ready`))
  })

  test('nobody listens', async () => {
    const port = String(await listen(200, { host: '127.0.0.1' }))
    await stop()
    const env = { SERVER_HOST: '127.0.0.1', ADMIN_SERVER_PORT: port }
    const url = `http://127.0.0.1:${port}/ready`
    expect(await ask('ready', env)).toEqual(bad(`connection refused to ${url}`))
  })

  test('a bad port', async () => {
    const env = { SERVER_HOST: 'localhost', ADMIN_SERVER_PORT: '-1' }
    expect(await ask('ready', env)).toEqual(bad('invalid url - http://localhost:-1/ready'))
  })

  test.each(['*', '*4', '!4', '*6', '!6'])('--ready refuses the host %s', async (host) => {
    const env = { SERVER_HOST: host, ADMIN_SERVER_PORT: '3001' }
    expect(await ask('ready', env)).toEqual(
      bad(
        `The \`--ready\` flag cannot be used when server-host is configured as "${host}". Please update your server-host config to "localhost".`,
      ),
    )
  })

  test.each([
    ['*', '127.0.0.1'],
    ['*4', '127.0.0.1'],
    ['!4', '127.0.0.1'],
    ['*6', '::1'],
    ['!6', '::1'],
  ])('--health asks this machine where the host is %s', async (host, loopback) => {
    const port = String(await listen(200, { host: loopback }))
    const env = { SERVER_HOST: host, ADMIN_SERVER_PORT: port }
    expect((await ask('health', env)).exitCode).toBe(0)
  })

  test('no admin port: no admin server, for --ready even with a socket', async () => {
    const message = 'Admin server is not running. Please check admin-server-port config.'
    expect(await ask('ready', { SERVER_HOST: '127.0.0.1' })).toEqual(bad(message))
    expect(await ask('ready', { ADMIN_SERVER_UNIX_SOCKET: '/tmp/a.sock' })).toEqual(bad(message))
    expect(await ask('health', { SERVER_HOST: '127.0.0.1' })).toEqual(bad(message))
  })

  test('--health asks a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dbrest-probe-'))
    const path = join(folder, 'admin.sock')
    await listen(200, { path })
    expect(await ask('health', { ADMIN_SERVER_UNIX_SOCKET: path })).toEqual(
      good(`${path}: /health`),
    )
    expect(asked).toEqual(['GET /health'])
    rmSync(folder, { recursive: true, force: true })
  })
})
