// Writes docs/configuration.md from the option table. Run after `npm run build`.
import { writeFile } from 'node:fs/promises'
import { documentOptions } from '../dist/config/document-options.js'

const page = new URL('../docs/configuration.md', import.meta.url)
await writeFile(page, documentOptions())
console.log(`wrote ${page.pathname}`)
