import { expect, test } from 'vitest'
import {
  connectFailureText,
  NoPasswordError,
} from '../../../../../src/backends/postgres/connect/connect-failure.ts'

const tcp = { host: 'db', address: null, port: 5433, password: 'secret' }
const socket = { host: '/run/pg', address: null, port: 5432, password: null }

function failure(message: string, more: object): Error {
  return Object.assign(new Error(message), more)
}

test.each([
  [
    'an unknown host',
    tcp,
    failure('getaddrinfo ENOTFOUND db', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
    'could not translate host name "db" to address: Name or service not known\n',
  ],
  [
    'a refused port',
    tcp,
    failure('connect', { code: 'ECONNREFUSED', address: '10.0.0.9' }),
    'connection to server at "db" (10.0.0.9), port 5433 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n',
  ],
  [
    'every address of a name',
    tcp,
    new AggregateError([
      failure('a', { code: 'ECONNREFUSED', address: '::1' }),
      failure('b', { code: 'ETIMEDOUT', address: '10.0.0.9' }),
    ]),
    'connection to server at "db" (::1), port 5433 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\nconnection to server at "db" (10.0.0.9), port 5433 failed: Connection timed out\n',
  ],
  [
    'a missing socket',
    socket,
    failure('connect', { code: 'ENOENT', address: '/run/pg/.s.PGSQL.5432' }),
    'connection to server on socket "/run/pg/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n',
  ],
  [
    'a refused login',
    tcp,
    failure('password authentication failed for user "u"', { severity: 'FATAL', code: '28P01' }),
    'connection to server at "db" (10.0.0.9), port 5433 failed: FATAL:  password authentication failed for user "u"\n',
  ],
  [
    'no password',
    tcp,
    new NoPasswordError(),
    'connection to server at "db" (10.0.0.9), port 5433 failed: fe_sendauth: no password supplied\n',
  ],
  [
    'no TLS',
    socket,
    new Error('The server does not support SSL connections'),
    'connection to server on socket "/run/pg/.s.PGSQL.5432" failed: server does not support SSL, but SSL was required\n',
  ],
  [
    'a server that hangs up',
    socket,
    new Error('Connection terminated unexpectedly'),
    'connection to server on socket "/run/pg/.s.PGSQL.5432" failed: server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n',
  ],
])('%s reads as libpq has it', (_, place, cause, text) => {
  expect(connectFailureText(place, cause, place === tcp ? '10.0.0.9' : undefined)).toBe(text)
})
