/**
 * Where the document says that the API is: the proxy in front of the server where one is
 * configured, else the address that it listens on.
 *
 * Rule  PostgREST docs: configuration (openapi-server-proxy-uri)
 */
import type { Config } from '../../config/config.ts'

export interface OpenapiServer {
  /** With its port. */
  readonly host: string
  readonly basePath: string
  readonly scheme: 'http' | 'https'
}

/** Hosts that stand for all addresses of a family, or of both. */
const anyHosts = ['*', '*4', '!4', '*6', '!6']

const proxyPattern = /^(https?):\/\/(\[[^\]]*\]|[^:/]*)(?::(\d+))?(\/.*)?$/i

export function openapiServer(
  config: Pick<Config, 'openapiServerProxyUri' | 'serverHost' | 'serverPort'>,
): OpenapiServer {
  const { openapiServerProxyUri: proxy, serverHost, serverPort } = config
  const [, protocol, host = '', port, path = '/'] = proxyPattern.exec(proxy ?? '') ?? []
  if (protocol === undefined) {
    return { host: `${shownHost(serverHost)}:${serverPort}`, basePath: '/', scheme: 'http' }
  }
  const scheme = protocol.toLowerCase() === 'http' ? 'http' : 'https'
  const defaultPort = scheme === 'http' ? '80' : '443'
  return { host: `${shownHost(host)}:${Number(port ?? defaultPort)}`, basePath: path, scheme }
}

function shownHost(host: string): string {
  return anyHosts.includes(host) ? '0.0.0.0' : host
}
