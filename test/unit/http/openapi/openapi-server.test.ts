import { describe, expect, test } from 'vitest'
import { openapiServer } from '../../../../src/http/openapi/openapi-server.ts'

describe('where the document says that the API is', () => {
  test.each([
    ['https://postgrest.com/openapi.json', 'https', 'postgrest.com:443', '/openapi.json'],
    ['http://api.example', 'http', 'api.example:80', '/'],
    ['http://api.example/', 'http', 'api.example:80', '/'],
    ['HTTPS://Api.Example:8443/rest/v1/', 'https', 'Api.Example:8443', '/rest/v1/'],
    // Swagger has no way to write it: the host that the document is from
    ['https://[::1]:08080/a%20b', 'https', null, '/a%20b'],
    ['http://0.0.0.0:3000/', 'http', null, '/'],
    ['http://*:3000/', 'http', null, '/'],
  ])('is the proxy %s', (uri, scheme, host, basePath) => {
    const config = { openapiServerProxyUri: uri, serverBasePath: null }
    expect(openapiServer(config, 'asked.example')).toEqual({ scheme, host, basePath })
  })

  test.each([
    ['localhost', 'localhost'],
    ['api.example:3000', 'api.example:3000'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['under_score.example', 'under_score.example'],
    ['0.0.0.0:3000', null],
    ['0.0.0.0', null],
    ['0.0.0.0.example', '0.0.0.0.example'],
    ['[::1]:3000', null],
    ['a/b', null],
    ['{host}', null],
    ['', null],
    [undefined, null],
  ])('is the host %s that was asked, without a proxy', (asked, host) => {
    expect(openapiServer({ openapiServerProxyUri: null, serverBasePath: null }, asked)).toEqual({
      scheme: 'http',
      host,
      basePath: '/',
    })
  })

  test.each([
    [null, '/rest/v1'],
    ['https://api.example', '/rest/v1'],
    ['https://api.example/', '/rest/v1'],
    ['https://api.example/films/', '/films/'],
  ])('is below the base path, unless the proxy %s has a path', (uri, basePath) => {
    const config = { openapiServerProxyUri: uri, serverBasePath: '/rest/v1' }
    expect(openapiServer(config, 'asked.example').basePath).toBe(basePath)
  })
})
