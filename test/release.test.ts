/**
 * What a release is made of: the files of the package, the notes that its tag gets, and the workflow
 * that publishes both.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { productVersion } from '../src/core/product.ts'

const root = join(import.meta.dirname, '..')

test('the package holds what is run and read, and nothing else', () => {
  const arguments_ = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [packed]: readonly { readonly files: readonly { readonly path: string }[] }[] = JSON.parse(
    execFileSync('npm', arguments_, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
  // dist is there only where the server has been built
  const paths = (packed?.files ?? [])
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('dist/'))
  const wanted = [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'dashboard/index.html',
    'docs/configuration.md',
    'deploy/README.md',
    'deploy/systemd/dbrest@.service',
    'docker/postgres/init.sql',
    'examples/films/schema.sql',
  ]
  expect(paths).toEqual(expect.arrayContaining(wanted))
  const known =
    /^(dashboard|docs|deploy|examples)\/|^docker\/postgres\/init\.sql$|^[A-Za-z]+\.(md|json)$|^LICENSE$/
  expect(paths.filter((path) => !known.test(path))).toEqual([])
  expect(paths.filter((path) => /\.(db|log|env|tgz|pem)$|tsconfig|\.test\./.test(path))).toEqual([])
})

describe('the notes of a release', () => {
  const named = ['package.json', 'package-lock.json', 'src/core/product.ts', 'CHANGELOG.md']

  /** The script in a checkout of its own, whose changelog is this. */
  function notes(tag: string, changelog: string) {
    const folder = mkdtempSync(join(tmpdir(), 'dbrest-release-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const file of [...named, 'scripts/release-notes.js']) {
      mkdirSync(join(folder, dirname(file)), { recursive: true })
      cpSync(join(root, file), join(folder, file))
    }
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog)
    const script = join(folder, 'scripts', 'release-notes.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, tag], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  const changelog = `# Changelog\n\n## Unreleased\n\n## ${productVersion} - 2030-01-01\n\n- new\n\n## 0.0.1\n\n- old\n`

  test('are what the changelog says of its version', () => {
    expect(notes(`v${productVersion}`, changelog)).toEqual({
      status: 0,
      stdout: '- new\n',
      stderr: '',
    })
  })

  test.each([
    ['a tag that is no version', 'next', changelog, /a release is tagged v1\.2\.3/],
    ['a version that the package has not', 'v99.0.0', changelog, /package\.json says/],
    ['a changelog that says nothing', `v${productVersion}`, '# Changelog\n', /says nothing of/],
  ])('are refused for %s', (_, tag, text, problem) => {
    const told = notes(tag, text)
    expect(told).toMatchObject({ status: 1, stdout: '' })
    expect(told.stderr).toMatch(problem)
  })
})

describe('the release workflow', () => {
  const text = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')
  const { permissions, jobs } = parse(text) as {
    readonly permissions: unknown
    readonly jobs: Readonly<
      Record<
        string,
        {
          readonly 'timeout-minutes': number
          readonly permissions: unknown
          readonly steps: readonly { readonly uses?: string; readonly run?: string }[]
        }
      >
    >
  }
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  const commands = steps.flatMap(({ run }) => run ?? [])

  test('may read, and each job what it publishes with', () => {
    expect(permissions).toEqual({ contents: 'read' })
    expect(jobs['package']?.permissions).toEqual({ contents: 'write', 'id-token': 'write' })
    expect(jobs['image']?.permissions).toEqual({ contents: 'read', packages: 'write' })
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeLessThan(60)
  })

  test('pins actions to commits, with their full versions beside', () => {
    const used = text.split('\n').filter((line) => line.includes('uses:'))
    expect(used.length).toBeGreaterThan(2)
    for (const line of used) expect(line).toMatch(/uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  test('checks the tag before anything, and publishes last and with provenance', () => {
    const indexOf = (part: string) => commands.findIndex((command) => command.includes(part))
    const order = [
      'release-notes.js',
      'npm ci',
      'test:unit',
      'packed.test.ts',
      'npm sbom',
      'npm pack',
      'npm publish --provenance',
    ].map(indexOf)
    expect(order).not.toContain(-1)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  })

  test('runs no text of a tag as a command', () => {
    expect(commands.filter((command) => command.includes('$' + '{{'))).toEqual([])
  })
})
