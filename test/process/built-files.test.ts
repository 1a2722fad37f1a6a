/** What the built programs read when they start: nothing of the engines that are not used. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const dist = join(import.meta.dirname, '..', '..', 'dist')

/** Packages that a program loads together with its own files; what it imports later is not among them. */
function packagesOf(program: string): readonly string[] {
  const packages = new Set<string>()
  const files = new Set([join(dist, program)])
  for (const file of files) {
    const text = readFileSync(file, 'utf8')
    for (const [, name = ''] of text.matchAll(/^(?:import|export)\b[^;]*?"([^"]+)";$/gm)) {
      if (name.startsWith('.')) files.add(resolve(dirname(file), name))
      else if (!name.startsWith('node:')) packages.add(name)
    }
  }
  return [...packages]
}

const drivers = ['pg', 'better-sqlite3', 'mongodb']
const driversOf = (program: string) => packagesOf(program).filter((name) => drivers.includes(name))

test.each(['main.js', 'worker-main.js', 'open-dbrest.js'])('%s loads no driver', (program) => {
  expect(packagesOf(program)).toContain('prom-client')
  expect(driversOf(program)).toEqual([])
})

test.each([
  ['open-postgres.js', ['pg']],
  ['open-sqlite.js', []],
  ['open-mongodb.js', ['mongodb']],
])('%s loads the driver of its engine alone', (file, wanted) => {
  expect(driversOf(file)).toEqual(wanted)
})

test('the process that reads a SQLite file loads the binding, and no other package', () => {
  expect(packagesOf('backends/sqlite/child/sqlite-child.js')).toEqual(['better-sqlite3'])
})
