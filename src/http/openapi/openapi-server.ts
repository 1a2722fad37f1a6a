/**
 * Where the document says that the API is: the proxy in front of the server where one is
 * configured, else the host that the client has asked. A proxy's path is the whole one to the API;
 * without one it is taken to hand paths on as they are. Without one Swagger means the host that the
 * document is from, which is the same.
 *
 * Rule  PostgREST docs: configuration (openapi-server-proxy-uri), where v16.2 takes server-host
 *       otherwise; OpenAPI 2.0: host
 */
import type { Config } from '../../config/config.ts'

export interface OpenapiServer {
  /** With its port, unless that is the scheme's; null: that of the document itself. */
  readonly host: string | null
  readonly basePath: string
  readonly scheme: 'http' | 'https'
}

type OpenapiServerConfig = Pick<Config, 'openapiServerProxyUri' | 'serverBasePath'>

const proxyPattern = /^(https?):\/\/(\[[^\]]*\]|[^:/]*)(?::(\d+))?(\/.*)?$/i

/** `asked`: the Host header. */
export function openapiServer(
  { openapiServerProxyUri: proxy, serverBasePath }: OpenapiServerConfig,
  asked: string | undefined,
): OpenapiServer {
  const [, protocol, host = '', port, path = '/'] = proxyPattern.exec(proxy ?? '') ?? []
  const ownPath = serverBasePath ?? '/'
  if (protocol === undefined) {
    return { host: shownHost(asked ?? ''), basePath: ownPath, scheme: 'http' }
  }
  const scheme = protocol.toLowerCase() === 'http' ? 'http' : 'https'
  const defaultPort = scheme === 'http' ? '80' : '443'
  return {
    host: shownHost(`${host}:${Number(port ?? defaultPort)}`),
    basePath: path === '/' ? ownPath : path,
    scheme,
  }
}

/** Swagger has no way to write an IPv6 address, and 0.0.0.0 leads to another machine elsewhere. */
function shownHost(host: string): string | null {
  const isHost = /^[A-Za-z0-9._~-]+(?::\d+)?$/.test(host)
  return isHost && !/^0\.0\.0\.0(?::|$)/.test(host) ? host : null
}
