/**
 * The image's HEALTHCHECK: asks the server whether it serves requests, with the arguments that it was
 * started with, so that the port of a mounted file is the one that is asked. The server is process 1,
 * or runs below an init process that has its arguments as well.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const [pid = '1'] = process.argv.slice(2)
const started = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
const at = started.findIndex((argument) => argument.endsWith('dist/main.js'))
if (at === -1) {
  process.stderr.write(`process ${pid} is not dbrest\n`)
  process.exit(1)
}
const [main, ...own] = started.slice(at)
const { status } = spawnSync(process.execPath, [main, '--health', ...own], { stdio: 'inherit' })
process.exit(status ?? 1)
