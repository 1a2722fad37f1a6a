/**
 * A step of a build: of all declarations in dist, those stay that the package's door leads to,
 * and name the files that are there. The others are of files that nobody can import.
 */
import { readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
// what a folder holds comes before the folder, which may be empty by then
for (const name of readdirSync(dist, { recursive: true }).sort().reverse()) {
  const file = join(dist, name)
  if (statSync(file).isDirectory()) {
    if (readdirSync(file).length === 0) rmdirSync(file)
  } else if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file)
}
