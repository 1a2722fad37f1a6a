/**
 * Hands what Node has read of a request to an app of the web's `Request` and `Response`: the admin
 * server's, which has routes. An answer without an end can be cut by the app (`hangUp`).
 * A guest in another program's process leaves the global `Request` and `Response` alone.
 */
import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { lingerIfUnread } from './linger.ts'
import { malformedAnswer } from './refuse-unparsed.ts'

export function fetchListener(
  fetch: (
    request: Request,
    connection: { readonly hangUp: () => void },
  ) => Response | Promise<Response>,
  { isGuest = false } = {},
): RequestListener {
  const respond = getRequestListener(
    (request, { outgoing }) => fetch(request, { hangUp: () => outgoing.destroy() }),
    { errorHandler: malformedAnswer, overrideGlobalObjects: !isGuest },
  )
  return (incoming, outgoing) => {
    // HTTP/1.0 knows requests without Host; the web's Request needs one
    if (incoming.httpVersion === '1.0' && incoming.headers.host === undefined) {
      incoming.headers.host = 'localhost'
    }
    lingerIfUnread(incoming, outgoing)
    respond(incoming, outgoing).catch(() => outgoing.destroy())
  }
}
