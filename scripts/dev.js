/**
 * `npm run dev`: the sample database, served by what the sources say now. The compiler watches
 * src/ and writes to .tmp/dev, since dist/ belongs to tests and to `npm start`; each time it found
 * no errors, the server is ended in an orderly way and started anew. Options in the environment
 * win, as with `npm start`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..')
const output = join(root, '.tmp', 'dev')

/** TypeScript's command is a launcher: its own process group lets both be ended. */
function startCompiler() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const emitted = ['--emitDeclarationOnly', 'false', '--declaration', 'false', '--sourceMap']
  const options = [...emitted, '--outDir', output, '--watch', '--preserveWatchOutput']
  return spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
}

function startServer() {
  const sample = join(root, 'scripts', 'start-sample.js')
  return spawn(process.execPath, ['--enable-source-maps', sample, join(output, 'main.js')], {
    stdio: 'inherit',
  })
}

function isRunning(child) {
  return child.exitCode === null && child.signalCode === null
}

async function end(server) {
  if (!isRunning(server)) return
  server.kill('SIGTERM')
  await once(server, 'exit')
}

rmSync(output, { recursive: true, force: true })
const compiler = startCompiler()
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => {
    if (isRunning(compiler)) process.kill(-compiler.pid)
  })
}

let server = null
for await (const line of createInterface({ input: compiler.stdout })) {
  if (line !== '') console.error(line)
  if (!/Found 0 errors/.test(line)) continue
  if (server !== null) await end(server)
  server = startServer()
}
if (server !== null) await end(server)
