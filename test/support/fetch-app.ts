/**
 * Asks an app as a client would, without a socket: the web's `Request` in, its `Response` out.
 */
import type { App } from '../../src/core/http-exchange.ts'
import { webHandler } from '../../src/sockets/web-handler.ts'

export function fetchApp(app: App, request: Request): Promise<Response> {
  return webHandler(app)(request)
}
