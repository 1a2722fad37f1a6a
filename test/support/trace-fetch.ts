/**
 * Set up before each test file: what `fetch` answers there is kept for the run's last test, as the
 * clients of `http-client.ts` keep theirs. Client libraries use `fetch`.
 */
import { relative } from 'node:path'
import { expect } from 'vitest'
import { labelTraces, traceAnswer } from './trace.ts'

labelTraces(relative(process.cwd(), expect.getState().testPath ?? ''))

const plainFetch = globalThis.fetch
globalThis.fetch = async (...request) => {
  const response = await plainFetch(...request)
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`)
  response
    .clone()
    .text()
    .then(
      (body) => traceAnswer(`${response.status}\n${headers.join('\n')}`, body),
      // cut, which its test says if it matters
      () => undefined,
    )
  return response
}
