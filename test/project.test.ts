/**
 * The pages for users and contributors and the workflow of the continuous integration name things:
 * files, npm scripts, tests, versions. What they name is there.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readPolicyRegistry } from '../src/access/read-policy-registry.ts'
import { engineAbilities } from '../src/backends/engine-abilities.ts'
import { registryProblems } from '../src/check-registry.ts'
import { helpText, parseCommand } from '../src/cli.ts'
import { dbrestOptions } from '../src/config/dbrest-options.ts'
import { optionKeys, options } from '../src/config/options.ts'
import { engineVersion } from './support/mongodb-engine.ts'

const root = join(import.meta.dirname, '..')

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
  readonly description: string
}
const manifest = JSON.parse(read('package.json')) as Manifest

/** npm scripts that a text runs, `test` by its short name too. */
function scriptsIn(text: string): readonly string[] {
  const named = [...text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map((match) => match[1] ?? '')
  const short = [...text.matchAll(/\bnpm (test|start)\b/g)].map((match) => match[1] ?? '')
  return [...named, ...short]
}

const unknownScripts = (text: string) =>
  scriptsIn(text).filter((name) => manifest.scripts[name] === undefined)

const folders = ['src', 'test', 'docs', 'bench', 'scripts', 'docker', 'deploy', 'examples']
const paths = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
    (path) => `${folder}/${path.replaceAll('\\', '/')}`,
  ),
)

/** From the root of the checkout, or the end of a path in it. */
function isThere(name: string): boolean {
  return existsSync(join(root, name)) || paths.some((path) => path.endsWith(`/${name}`))
}

/** What stands in a page as code and looks like a file or a folder of ours. */
function filesIn(page: string): readonly string[] {
  const code = [...page.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
  // from a page in a folder to the root of the checkout
  const links = [...page.matchAll(/\]\((?:\.\.\/)?([^)#:]+)\)/g)].map((match) => match[1] ?? '')
  const isFolder = (text: string) => folders.some((folder) => text.startsWith(`${folder}/`))
  const isFile = (text: string) => /\.(ts|js|md|sql|yaml|yml|jsonc?)$/.test(text)
  // what begins with a slash is a path of the server
  const named = code.filter((text) => /^[\w.-][\w./-]*$/.test(text))
  // what a page has its reader write
  const written = new Set([...page.matchAll(/^<!-- file: (.*) -->$/gm)].map((match) => match[1]))
  const files = named.filter((text) => (isFolder(text) || isFile(text)) && !written.has(text))
  return [...files, ...links]
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'deploy/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

test('the index of docs has every page', () => {
  const index = read('docs/README.md')
  const missing = pages
    .filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
    .filter((path) => !index.includes(`](${path.slice('docs/'.length)})`))
  expect(missing).toEqual([])
})

describe.each(pages)('%s', (path) => {
  test('names files that are there', () => {
    expect(filesIn(read(path)).filter((name) => !isThere(name))).toEqual([])
  })

  test('names npm scripts that are there', () => {
    expect(unknownScripts(read(path))).toEqual([])
  })
})

/** What dbrest is called by, in pages and in its help. */
const texts = [...pages.map((path) => [path, read(path)] as const), ['--help', helpText()] as const]

describe.each(texts)('what %s promises', (path, text) => {
  test('are options that there are', () => {
    const names = new Set(optionKeys.flatMap((key) => [options[key].name, ...options[key].aliases]))
    const variables = [...text.matchAll(/\b(?:DBREST|PGRST)_([A-Z][A-Z_]*[A-Z])\b/g)]
      .map((match) => (match[1] ?? '').toLowerCase().replaceAll('_', '-'))
      .filter((name) => !name.startsWith('app-settings'))
    const kinds = /`((?:admin-server|client|db|jwt|log|max|openapi|server|url)-[a-z-]+)`/g
    const named = [...text.matchAll(kinds)].map((match) => match[1] ?? '')
    expect([...variables, ...named].filter((name) => !names.has(name))).toEqual([])
  })

  test('are flags that there are', () => {
    const commands = [...text.matchAll(/\bdbrest\b[^\n`]*/g)].map(([command]) => command)
    const shown = path === '--help' ? [text] : commands
    const flags = shown.flatMap((command) => command.match(/(?<=\s)--[a-z-]+/g) ?? [])
    const files = { fileKind: () => 'other' as const }
    const unknown = flags.filter((flag) => {
      const parsed = parseCommand([flag], files)
      return !parsed.ok && parsed.error.startsWith('Unknown option')
    })
    expect(unknown).toEqual([])
    if (path === '--help') expect(flags.length).toBeGreaterThan(5)
  })
})

describe('README and --help', () => {
  test.each([
    ['postgres', 'PostgreSQL'],
    ['sqlite', 'SQLite'],
    ['mongodb', 'MongoDB'],
  ] as const)('name %s if it is served', (engine, name) => {
    const isServed = engineAbilities(engine) !== null
    for (const text of [read('README.md'), helpText(), manifest.description]) {
      expect(text.includes(name)).toBe(isServed)
    }
  })

  test('say which engine is served for reading only', () => {
    const isRead = engineAbilities('sqlite')?.grades.insert === 'unsupported'
    expect(
      /SQLite files are served for reading/.test(read('README.md').replaceAll('\n', ' ')),
    ).toBe(isRead)
  })
})

describe('the worked examples of registries', () => {
  const jsonOf = (path: string) => /```json\n(.*?)```/s.exec(read(path))?.[1] ?? ''

  test('are read without a problem', () => {
    const [declared = '', related = '', functions = '', rules = ''] = [
      ...read('docs/mongodb.md').matchAll(/```json\n(.*?)```/gs),
    ].map((match) => match[1])
    expect(registryProblems('declaredSchema', declared)).toEqual([])
    expect(registryProblems('declaredRelationships', related)).toEqual([])
    expect(registryProblems('functionRegistry', functions)).toEqual([])
    expect(registryProblems('policyRegistry', rules)).toEqual([])
    expect(registryProblems('policyRegistry', jsonOf('docs/access.md'))).toEqual([])
    expect(registryProblems('functionRegistry', jsonOf('docs/functions.md'))).toEqual([])
  })

  test('know the role that serves requests without a token', () => {
    const role = /^db-anon-role = "(.*)"$/m.exec(read('docs/access.md'))?.[1] ?? ''
    const registry = readPolicyRegistry(jsonOf('docs/access.md'))
    expect(registry.ok && registry.value.roles.has(role)).toBe(true)
  })
})

test('the page for who comes from PostgREST has the options that PostgREST lacks', () => {
  const section = read('docs/from-postgrest.md').split('## Options of our own\n')[1] ?? ''
  const told = [...section.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name)
  const own = Object.values(dbrestOptions)
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('internal-'))
  expect(told.sort()).toEqual([...own, options.openapiVersion.name].sort())
})

test('every runtime dependency has its reason', () => {
  const page = read('docs/dependencies.md')
  const silent = Object.keys(manifest.dependencies).filter(
    (name) => !page.includes(`| \`${name}\``),
  )
  expect(silent).toEqual([])
})

test('the MongoDB server that is built is the one that tests look for', () => {
  expect(read('scripts/mongodb-engine.js')).toContain(`const version = '${engineVersion}'`)
})

interface Step {
  readonly uses?: string
  readonly run?: string
}

interface Workflow {
  readonly permissions: unknown
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly 'timeout-minutes': number
        readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> }
        readonly steps: readonly Step[]
      }
    >
  >
}

test('what servers in the process of an integration test tell is searched for secrets', () => {
  const root = join(import.meta.dirname, '..')
  const untraced = ['test/integration', 'test/support'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${folder}/${path}`)
      .filter((path) => {
        const text = readFileSync(join(root, path), 'utf8')
        return /\bobserve\b\s*[:,(]/.test(text) && !text.includes('observeTraced')
      }),
  )
  expect(untraced).toEqual([])
})

describe('the workflow', () => {
  const workflow = parse(read('.github/workflows/ci.yml')) as Workflow
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)
  const commands = steps.flatMap(({ run }) => run ?? [])

  test('may read, and nothing else', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
  })

  test('gives every job an end', () => {
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeLessThan(60)
  })

  test('pins actions to a major version', () => {
    const used = steps.flatMap(({ uses }) => uses ?? [])
    expect(used).not.toEqual([])
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@v\d+$/)
  })

  test('runs the gate, and npm scripts that are there', () => {
    expect(commands).toContain('.ci/run')
    expect(commands.flatMap(scriptsIn)).toContain('test:unit')
    expect(commands.flatMap(unknownScripts)).toEqual([])
  })

  test('filters by the beginnings of tests that are there', () => {
    const filters = commands.flatMap((command) => command.match(/\btest\/[\w./-]+/g) ?? [])
    const tests = paths.filter((path) => path.endsWith('.test.ts'))
    expect(filters).not.toEqual([])
    expect(filters.filter((start) => !tests.some((path) => path.startsWith(start)))).toEqual([])
  })

  test('begins with the oldest Node that the package allows', () => {
    const [oldest] = workflow.jobs['node']?.strategy?.matrix['node'] ?? []
    expect(manifest.engines.node).toBe(`>=${oldest}`)
  })
})
