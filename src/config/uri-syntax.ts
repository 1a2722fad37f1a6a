/**
 * The two URI checks that options need, by the grammar of RFC 3986 rather than by what WHATWG's
 * `URL` repairs: `jwt-aud` may be any URI, `openapi-server-proxy-uri` a plain http(s) address.
 */
const unreserved = String.raw`A-Za-z0-9\-._~`
const subDelims = `!$&'()*+,;=`
const escaped = '%[0-9A-Fa-f]{2}'
const userInfo = `(?:[${unreserved}${subDelims}:]|${escaped})*`
const ipLiteral = String.raw`\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[${unreserved}${subDelims}:]+\]`
const host = `(?:${ipLiteral}|(?:[${unreserved}${subDelims}]|${escaped})*)`
const segment = `(?:[${unreserved}${subDelims}:@]|${escaped})`
const authority = `//(?:(?<user>${userInfo})@)?(?<host>${host})(?::(?<port>[0-9]*))?(?:/${segment}*)*`
const rooted = `/(?:${segment}+(?:/${segment}*)*)?`
const rootless = `${segment}+(?:/${segment}*)*`
const query = `(?:[${unreserved}${subDelims}:@/?]|${escaped})*`
const uri = new RegExp(
  `^(?<scheme>[A-Za-z][A-Za-z0-9+.\\-]*):(?:${authority}|${rooted}|${rootless})?` +
    `(?:\\?(?<query>${query}))?(?:#(?<fragment>${query}))?$`,
)

/** Any URI with a scheme. */
export function isUri(text: string): boolean {
  return uri.test(text)
}

/** An http(s) URI with a host, without user info, query and fragment, its port in 1..65535. */
export function isProxyUri(text: string): boolean {
  const parts = uri.exec(text)?.groups
  if (parts === undefined || !/^https?$/i.test(parts['scheme'] ?? '')) return false
  const isBare =
    parts['user'] === undefined && parts['query'] === undefined && parts['fragment'] === undefined
  if (!isBare || (parts['host'] ?? '') === '') return false
  const port = parts['port']
  return port === undefined || (Number(port) > 0 && Number(port) < 65536)
}
