/**
 * Node's response with the first line that the app wants: its `statusMessage` where it has set one,
 * even an empty one, and none for a status that nobody has named. Node itself would take the status's
 * own for an empty one, and `unknown` for none.
 */
import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
  STATUS_CODES,
} from 'node:http'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

export class StatusLineResponse extends ServerResponse<IncomingMessage> {
  override writeHead(status: number, reason?: string, headers?: Headers): this
  override writeHead(status: number, headers?: Headers): this
  override writeHead(status: number, first?: string | Headers, second?: Headers): this {
    if (typeof first === 'string') return super.writeHead(status, first, second)
    // undefined until the app sets it, whatever its type says
    const own: string | undefined = this.statusMessage
    return super.writeHead(status, own ?? STATUS_CODES[status] ?? '', first)
  }
}
