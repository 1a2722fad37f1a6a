/**
 * The structure as a test: imports go to lower levels only, there are no cycles, libraries stay
 * behind their fences, a file is named after what it exports, and names are unique.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

/** Level of each folder; a file imports lower levels and its own folder only. */
const levels: Readonly<Record<string, number>> = {
  core: 0,
  errors: 1,
  observe: 2,
  config: 3,
  auth: 4,
  limits: 4,
  schema: 4,
  api: 5,
  cache: 5,
  typescript: 5,
  sources: 6,
  plan: 6,
  access: 7,
  backends: 8,
  http: 9,
  admin: 9,
  sockets: 9,
  workers: 9,
  '.': 10,
}

/** What a folder may not import although its level would let it. */
const narrowed: Readonly<Record<string, readonly string[]>> = {
  cache: ['auth'],
  sources: ['auth', 'api'],
  api: ['auth', 'schema'],
  plan: ['auth', 'cache'],
  access: ['sources'],
  backends: ['sources'],
  http: ['sources'],
  admin: ['auth', 'api', 'plan', 'access', 'sources', 'backends'],
  workers: ['auth', 'api', 'plan', 'access', 'sources', 'backends'],
  sockets: ['auth', 'limits', 'schema', 'api', 'cache', 'sources', 'plan', 'access', 'backends'],
}

/**
 * Level of each sub-room; inside its parent a file imports lower levels and its own room only. The
 * parent's own files stand above all of them.
 */
const rooms: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  backends: { values: 0, pool: 0, registry: 1, sql: 1, postgres: 2, sqlite: 2, mongodb: 2 },
  'backends/postgres': { protocol: 0, connect: 1, catalog: 2, compile: 2, mark: 3, execute: 4 },
  // what runs in the child is seen at a glance: it imports nothing of the server's side
  'backends/sqlite': { wire: 0, child: 1, catalog: 1, process: 1, compile: 2 },
  'backends/mongodb': { bson: 0, connect: 1, catalog: 1, compile: 2, execute: 3 },
  core: { json: 0 },
  config: { claims: 0, file: 0, secrets: 0 },
  http: { openapi: 0 },
  schema: { incremental: 0, relationships: 1 },
}

/** Files of a parent that its sub-rooms may import: the words they share. */
const sharedWords: readonly string[] = [
  'backends/backend.ts',
  'core/result.ts',
  'schema/catalog.ts',
  'schema/exposure.ts',
]

/** Files in one folder: beyond this a sub-room is missing. */
const fullestFolder = 30

/** Lines of one file: what can be read in one sitting. */
const longestFile = 400

/** Library → where it may be imported (prefixes of paths under src/). */
const fences: Readonly<Record<string, readonly string[]>> = {
  pg: ['backends/postgres/'],
  'pg-listen': ['backends/postgres/'],
  'better-sqlite3': ['backends/sqlite/'],
  mongodb: ['backends/mongodb/'],
  hono: ['admin/'],
  '@hono/node-server': ['sockets/'],
  rxjs: [
    'sources/',
    'cache/',
    'compose.ts',
    'compose-sources.ts',
    'compose-pipeline.ts',
    'compose-follower.ts',
  ],
  jose: ['auth/'],
  pino: ['observe/'],
  'prom-client': ['observe/'],
  'jsonpath-rfc9535': ['config/'],
  'lru-cache': ['limits/'],
}

interface SourceFile {
  /** Path under src/, with slashes. */
  readonly path: string
  readonly folder: string
  readonly text: string
  /** Paths under src/ of relative imports. */
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

function readSource(): readonly SourceFile[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|js|mjs)$/.test(path))
    .map((path) => {
      const text = readFileSync(join(src, path), 'utf8')
      const specifiers = [
        ...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+['"]([^'"]+)['"]/gm),
        ...text.matchAll(/^import\s+['"]([^'"]+)['"]/gm),
        ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g),
      ].map((match) => match[1] ?? '')
      const own = specifiers.filter((specifier) => specifier.startsWith('.'))
      return {
        path,
        folder: path.includes('/') ? (path.split('/')[0] ?? '') : '.',
        text,
        imports: own.map((s) => relative(src, join(src, dirname(path), s))),
        packages: specifiers
          .filter((s) => !s.startsWith('.') && !s.startsWith('node:'))
          .map((s) =>
            s.startsWith('@') ? s.split('/').slice(0, 2).join('/') : (s.split('/')[0] ?? ''),
          ),
      }
    })
}

const files = readSource()

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '.'
}

describe('the architecture', () => {
  test('has source files in known folders only', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(files.filter((file) => levels[file.folder] === undefined)).toEqual([])
  })

  test('imports go to lower levels or stay in the folder', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter((target) => {
          const folder = folderOf(target)
          if (folder === file.folder) return false
          const isLower = (levels[folder] ?? 99) < (levels[file.folder] ?? -1)
          const isNarrowed = narrowed[file.folder]?.includes(folder) ?? false
          return !isLower || isNarrowed
        })
        .map((target) => `${file.path} imports ${target}`),
    )
    expect(wrong).toEqual([])
  })

  test.each(Object.entries(rooms))('the rooms of %s import lower rooms only', (parent, levelOf) => {
    const roomOf = (path: string): string | null =>
      path.startsWith(`${parent}/`) && path.slice(parent.length + 1).includes('/')
        ? (path.slice(parent.length + 1).split('/')[0] ?? null)
        : null
    const inside = files.filter((file) => file.path.startsWith(`${parent}/`))
    const strange = inside.map((file) => roomOf(file.path)).filter((room) => room !== null)
    expect(strange.filter((room) => levelOf[room] === undefined)).toEqual([])
    const wrong = inside.flatMap((file) => {
      const own = roomOf(file.path)
      if (own === null) return []
      return file.imports
        .filter((target) => target.startsWith(`${parent}/`) && !sharedWords.includes(target))
        .filter((target) => {
          const room = roomOf(target)
          if (room === own) return false
          return room === null || (levelOf[room] ?? 99) >= (levelOf[own] ?? -1)
        })
        .map((target) => `${file.path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test('the HTTP layer knows backends by their interface only', () => {
    const wrong = files
      .filter((file) => file.folder === 'http')
      .flatMap((file) => file.imports.filter((target) => target.startsWith('backends/')))
      .filter((target) => target !== 'backends/backend.ts')
    expect(wrong).toEqual([])
  })

  test('engines never import each other', () => {
    const engineOf = (path: string) => /^backends\/(postgres|sqlite|mongodb)\//.exec(path)?.[1]
    const wrong = files.flatMap((file) => {
      const own = engineOf(file.path)
      return file.imports
        .filter((target) => own !== undefined && ![undefined, own].includes(engineOf(target)))
        .map((target) => `${file.path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test('there are no import cycles', () => {
    const graph = new Map(files.map((file) => [file.path, file.imports]))
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      const at = trail.indexOf(path)
      if (at !== -1) cycles.push([...trail.slice(at), path].join(' → '))
      if (at !== -1 || done.has(path)) return
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
      done.add(path)
    }
    for (const file of files) visit(file.path, [])
    expect(cycles).toEqual([])
  })

  test('relative imports name files that exist', () => {
    const paths = new Set(files.map((file) => file.path))
    const missing = files.flatMap((file) =>
      file.imports.filter((target) => !paths.has(target)).map((t) => `${file.path} imports ${t}`),
    )
    expect(missing).toEqual([])
  })

  test.each(Object.entries(fences))('%s stays behind its fence', (library, allowed) => {
    const wrong = files
      .filter((file) => file.packages.includes(library))
      .filter((file) => !allowed.some((prefix) => file.path.startsWith(prefix)))
      .map((file) => file.path)
    expect(wrong).toEqual([])
  })

  test('every library imported is fenced', () => {
    const unknown = files.flatMap((file) =>
      file.packages.filter((name) => fences[name] === undefined),
    )
    expect(unknown).toEqual([])
  })

  test('process state is read at the entries only', () => {
    const wrong = files
      .filter((file) => !/^(main|worker-main)\.ts$|sqlite-child/.test(file.path))
      .filter((file) => /\bprocess\.(env|exit)\b/.test(file.text))
      .map((file) => file.path)
    expect(wrong).toEqual([])
  })

  test('outside the backends nothing branches on an engine name', () => {
    const allowed = /^(backends|sources|config)\//
    const wrong = files
      .filter((file) => !allowed.test(file.path))
      .filter((file) => /(===|!==|case)\s*'(postgres|sqlite|mongodb)'/.test(file.text))
      .map((file) => file.path)
    expect(wrong).toEqual([])
  })

  test('above the backends nothing speaks of the catalogs and rules of PostgreSQL', () => {
    const neutral = /^(schema|cache|plan|api|http|admin|auth)\//
    const postgres = /\bpg_[a-z]+|\bXX000\b|\bsearch_path\b|\bnextval\b|\bregclass\b/
    const wrong = files
      .filter((file) => neutral.test(file.path) && postgres.test(file.text))
      .map((file) => file.path)
    expect(wrong).toEqual([])
  })

  test('on SQLite a relation is named where its rule is, and where what is named is no rows', () => {
    const allowed = new Set([
      // the name itself, and the rule around it
      'sqlite-sources.ts',
      'compile-sqlite-scope.ts',
      // keys of rows that the ruled relation is then asked for
      'compile-sqlite-fts.ts',
      // what is written, whose conditions have the rule in front
      'write-scope.ts',
      // rows that were written, by their keys
      'write-target.ts',
      // that a key leads nowhere, of which a role reads what it may (access/withhold-details.ts)
      'compile-write-diagnosis.ts',
    ])
    const naming = files
      .filter((file) => file.path.startsWith('backends/sqlite/compile/'))
      .filter((file) => /\bqualified\(|\bsources\.of\(/.test(file.text))
      .map((file) => basename(file.path))
    expect(naming.filter((name) => !allowed.has(name))).toEqual([])
  })

  test('file names are unique and kebab-case', () => {
    const names = files.map((file) => basename(file.path))
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
    expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*\.(ts|js|mjs)$/.test(name))).toEqual([])
  })

  test('every file opens with a header comment', () => {
    const bare = files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((f) => f.path)
    expect(bare).toEqual([])
  })

  test('no file is longer than one sitting', () => {
    const long = files.filter((file) => file.text.split('\n').length > longestFile)
    expect(long.map((file) => file.path)).toEqual([])
  })

  test('the dashboard keeps to the same: headers, short files, no markup made of texts', () => {
    const page = readdirSync(join(root, 'dashboard'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => ({ name, text: readFileSync(join(root, 'dashboard', name), 'utf8') }))
    expect(page.length).toBeGreaterThan(5)
    expect(page.filter(({ text }) => !text.startsWith('/**')).map(({ name }) => name)).toEqual([])
    expect(page.filter(({ text }) => text.split('\n').length > longestFile)).toEqual([])
    const markup = /\.(innerHTML|outerHTML) *=|insertAdjacentHTML|document\.write|\beval\(/
    expect(page.filter(({ text }) => markup.test(text)).map(({ name }) => name)).toEqual([])
  })

  test('no folder is fuller than can be looked over', () => {
    const counts = new Map<string, number>()
    for (const { path } of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1)
    const full = [...counts].filter(([, count]) => count > fullestFolder)
    expect(full.map(([folder]) => folder)).toEqual([])
  })

  test('nothing is called utils, helpers, common, types, lib or index', () => {
    const vague = /(^|\/)(utils?|helpers?|common|types|interfaces|lib|index)(\/|\.|$)/
    expect(files.filter((file) => vague.test(file.path)).map((f) => f.path)).toEqual([])
  })

  test('the version is that of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    const product = readFileSync(join(src, 'core/product.ts'), 'utf8')
    expect(product).toContain(`productVersion = '${version}'`)
  })
})
