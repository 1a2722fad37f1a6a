/**
 * The last step of a build: of all declarations in dist, those stay that the package's door leads to,
 * and name the files that are there. The others are of files that nobody can import.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const dist = join(import.meta.dirname, '..', 'dist')
const imported = /((?:from|import\()\s*['"])(\.[^'"]+)\.ts(['"])/g
const reached = new Set()

function reach(file) {
  if (reached.has(file)) return
  reached.add(file)
  const text = readFileSync(file, 'utf8')
  for (const [, , path] of text.matchAll(imported)) reach(resolve(dirname(file), `${path}.d.ts`))
  // what compilers make of names with .ts depends on their version
  writeFileSync(file, text.replaceAll(imported, '$1$2.js$3'))
}

reach(join(dist, 'open-dbrest.d.ts'))
for (const name of readdirSync(dist, { recursive: true })) {
  const file = join(dist, name)
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file)
}
