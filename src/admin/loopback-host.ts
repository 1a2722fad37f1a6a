/**
 * Which names lead to this machine alone. An admin server that is bound there believes a request only
 * if it was sent to such a name: a web page may have a name of its own lead to 127.0.0.1, and could
 * read what comes back from it ("DNS rebinding").
 */

/**
 * Whether a host, of an option or of a request, is this machine's own.
 *
 * Shape  `127.0.0.1`, `localhost`, `::1` or `[::1]`, without port
 * Rule   RFC 6761 (`localhost` and the names below it), RFC 5735 (127.0.0.0/8)
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase()
  return (
    name === '::1' ||
    name === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(name) ||
    /^(?:[a-z0-9-]+\.)*localhost$/.test(name)
  )
}

/**
 * Whether a request was sent to this machine by one of its own names. One without the header is not
 * of a browser.
 *
 * Shape  `localhost:3001`
 */
export function isSentToLoopback(hostHeader: string | undefined): boolean {
  return hostHeader === undefined || isLoopbackHost(hostHeader.replace(/:\d*$/, ''))
}
