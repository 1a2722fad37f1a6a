/**
 * Sends the requests of cases over kept-alive connections, target and headers byte by byte as they
 * are written down.
 */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { signJwt } from '../support/sign-jwt.ts'
import { traceAnswer } from '../support/trace.ts'
import type { CaseRequest } from './conformance-case.ts'

export interface ReceivedAnswer {
  readonly status: number
  /** The lines of each header, by its name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly text: string
}

export interface Client {
  send(request: CaseRequest): Promise<ReceivedAnswer>
  close(): void
}

export function createClient(baseUrl: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const { hostname, port } = new URL(baseUrl)
  return {
    async send(request) {
      const headers = await headersOf(request)
      const body = bodyOf(request)
      return new Promise((resolve, reject) => {
        const sent = httpRequest(
          { agent, hostname, port, method: request.method, path: pathBytes(request), headers },
          (answer) => {
            const chunks: Buffer[] = []
            answer.on('data', (chunk: Buffer) => chunks.push(chunk))
            answer.once('error', reject)
            answer.once('end', () => {
              const text = Buffer.concat(chunks).toString()
              traceAnswer(`${answer.statusCode} ${answer.rawHeaders.join(' ')}`, text)
              resolve({
                status: answer.statusCode ?? 0,
                headers: linesOf(answer.headersDistinct),
                text,
              })
            })
          },
        )
        sent.once('error', reject)
        sent.end(body)
      })
    },
    close: () => agent.destroy(),
  }
}

function bodyOf({ body }: CaseRequest): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
}

async function headersOf(request: CaseRequest): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers[name] = typeof value === 'string' ? latin1(value) : [...value].map(latin1)
  }
  const body = bodyOf(request)
  if (body !== undefined) headers['Content-Length'] = String(Buffer.byteLength(body))
  if (request.claims !== undefined) {
    headers['Authorization'] = `Bearer ${await signJwt(request.claims)}`
  }
  return headers
}

/** Node writes header values as latin1; ours are the bytes of UTF-8. */
function latin1(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1')
}

/** Node refuses blanks only; other reserved characters go out as they are. */
function pathBytes({ target }: CaseRequest): string {
  return latin1(target)
}

function linesOf(headers: NodeJS.Dict<string[]> | IncomingHttpHeaders) {
  const lines = new Map<string, readonly string[]>()
  for (const [name, values] of Object.entries(headers)) {
    const list = Array.isArray(values) ? values : [values ?? '']
    lines.set(
      name,
      list.map((value) => Buffer.from(value, 'latin1').toString()),
    )
  }
  return lines
}
