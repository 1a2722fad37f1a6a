// Writes docs/configuration.md from the option table.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'rolldown'

const root = join(import.meta.dirname, '..')
const file = join(root, '.tmp', 'document-options.js')
const input = join(root, 'src', 'config', 'document-options.ts')
await build({ input, platform: 'node', external: /^[@a-z]/, output: { file } })
const { documentOptions } = await import(file)

const page = join(root, 'docs', 'configuration.md')
await writeFile(page, documentOptions())
console.log(`wrote ${page}`)
