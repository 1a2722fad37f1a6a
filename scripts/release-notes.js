/**
 * A tag → the notes of its release, which are what CHANGELOG.md says below its version. Ends with 1 where
 * the tag, package.json, package-lock.json and the product's own version are not one, or nothing is said.
 *
 *   node scripts/release-notes.js v1.2.3
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const root = join(import.meta.dirname, '..')
const read = (path) => readFileSync(join(root, path), 'utf8')

const [tag = ''] = process.argv.slice(2)
const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1]
if (version === undefined) fail(`${tag || 'no tag'}: a release is tagged v1.2.3`)

const versions = {
  'package.json': JSON.parse(read('package.json')).version,
  'package-lock.json': JSON.parse(read('package-lock.json')).packages[''].version,
  'src/core/product.ts': /productVersion = '([^']+)'/.exec(read('src/core/product.ts'))?.[1],
}
for (const [file, own] of Object.entries(versions)) {
  if (own !== version) fail(`${tag}: ${file} says ${own}`)
}

const section = read('CHANGELOG.md')
  .split(/^## /m)
  .find((text) => text.split(/[\s\]]/)[0]?.replace('[', '') === version)
const notes = section?.split('\n').slice(1).join('\n').trim() ?? ''
if (notes === '') fail(`${tag}: CHANGELOG.md says nothing of ${version}`)
process.stdout.write(`${notes}\n`)

function fail(problem) {
  process.stderr.write(`${problem}\n`)
  process.exit(1)
}
