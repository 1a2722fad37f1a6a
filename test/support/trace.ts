/**
 * What servers of tests print and answer, kept in files for the run's last test, which looks for the
 * passwords, secrets and tokens that the tests gave them. Outside of a run (benchmarks use the same
 * servers) nothing is kept. One file a stream, appended to as it comes, so that neither memory nor
 * what is between two writes is lost.
 */
import { createHash } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names the folder of the run; `global-setup.ts` makes and removes it. */
export const traceVariable = 'DBREST_TEST_TRACE'

/** Shorter ones stand in ordinary texts: a test is to take one that nothing else says. */
const leastSecretLength = 12

let files = 0
let label = 'unknown'
const registered = new Set<string>()

/** The test file that this process runs. */
export function labelTraces(testFile: string): void {
  label = testFile
}

function traceFile(name: string): string | null {
  const folder = process.env[traceVariable]
  return folder === undefined ? null : join(folder, name)
}

/** A file of its own for a stream, such as the log of one server. */
export function traceStream(name: string): (chunk: string | Uint8Array) => void {
  files += 1
  const path = traceFile(`printed-${process.pid}-${files}`)
  if (path === null) return () => undefined
  appendFileSync(path, `${label}: ${name}\n`)
  return (chunk) => appendFileSync(path, chunk)
}

/** Longer bodies are kept once, however often they were answered. */
const repeatedBytes = 4096
const kept = new Set<string>()

/** What a client read of one answer: its status line and headers, and its body. */
export function traceAnswer(head: string, body: string | Uint8Array): void {
  const path = traceFile(`answered-${process.pid}`)
  if (path === null) return
  let bytes = typeof body === 'string' ? Buffer.from(body) : body
  if (bytes.byteLength > repeatedBytes) {
    const digest = createHash('sha256').update(path).update(bytes).digest('base64')
    if (kept.has(digest)) bytes = Buffer.from('(a body as before)')
    kept.add(digest)
  }
  appendFileSync(
    path,
    Buffer.concat([Buffer.from(`${label}: ${head}\n`), bytes, Buffer.from('\n')]),
  )
}

/**
 * Makes it a failure of the run that a server prints or answers this text.
 *
 * Throws  for a text that ordinary lines could hold by chance
 */
export function registerSecret(secret: string): void {
  if (new Set(secret).size < 6 || secret.length < leastSecretLength) {
    throw new Error(
      `a secret of ${secret.length} characters, few of them different, can be found by chance`,
    )
  }
  if (registered.has(secret)) return
  registered.add(secret)
  const path = traceFile(`secrets-${process.pid}`)
  if (path !== null) appendFileSync(path, `${JSON.stringify(secret)}\n`)
}

/** No part of a token that tells anything is to be seen: neither claims nor signature. */
export function registerToken(token: string): void {
  for (const part of [token, ...token.split('.')]) {
    if (part.length >= 24) registerSecret(part)
  }
}

/** The secrets among what a server is started with. */
export function registerSecretsOf(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  for (const [variable, value = ''] of Object.entries(env)) {
    const isSecret = /^(?:PGPASSWORD|(?:DBREST|PGRST)_(?:JWT_SECRET|ADMIN_SERVER_TOKEN))$/.test(
      variable,
    )
    if (isSecret && value !== '' && !value.startsWith('@')) registerSecret(value)
    if (/^(?:DBREST|PGRST)_DB_URI$/.test(variable)) registerPassword(value)
  }
  for (const argument of args) registerPassword(argument)
}

/** Of a well-formed URI or keyword/value text; tests of others register theirs by themselves. */
function registerPassword(uri: string): void {
  const [, raw] =
    /^[^:/?#]+:\/\/[^:@/]*:([^@/]+)@/.exec(uri) ?? /\bpassword=([^\s&']+)/.exec(uri) ?? []
  if (raw === undefined) return
  registerSecret(raw)
  try {
    registerSecret(decodeURIComponent(raw))
  } catch {
    // not escaped as it should be: the raw text is all there is
  }
}
