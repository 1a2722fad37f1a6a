import { describe, expect, test } from 'vitest'
import { openapiServer } from '../../../../src/http/openapi/openapi-server.ts'

const listening = { serverHost: '127.0.0.1', serverPort: 3000 }

describe('where the document says that the API is', () => {
  test.each([
    ['https://postgrest.com/openapi.json', 'https', 'postgrest.com:443', '/openapi.json'],
    ['http://api.example', 'http', 'api.example:80', '/'],
    ['http://api.example/', 'http', 'api.example:80', '/'],
    ['HTTPS://Api.Example:8443/rest/v1/', 'https', 'Api.Example:8443', '/rest/v1/'],
    ['https://[::1]:08080/a%20b', 'https', '[::1]:8080', '/a%20b'],
  ])('is the proxy %s', (uri, scheme, host, basePath) => {
    expect(openapiServer({ ...listening, openapiServerProxyUri: uri })).toEqual({
      scheme,
      host,
      basePath,
    })
  })

  test.each([
    ['localhost', 'localhost:3000'],
    ['!4', '0.0.0.0:3000'],
    ['!6', '0.0.0.0:3000'],
    ['*', '0.0.0.0:3000'],
    ['*4', '0.0.0.0:3000'],
    ['*6', '0.0.0.0:3000'],
    ['::1', '::1:3000'],
  ])('is the address %s of the server without a proxy', (serverHost, host) => {
    const config = { serverHost, serverPort: 3000, openapiServerProxyUri: null }
    expect(openapiServer(config)).toEqual({ scheme: 'http', host, basePath: '/' })
  })
})
