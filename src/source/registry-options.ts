import { unescape as unescapePercent } from 'node:querystring'
import { ObslabError } from '../errors.js'
import type { Credentials, RegistrySettings } from './kafka-options.js'

/** Variables of an environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The addresses of a schema registry: `http://host:8081`, several separated by commas or listed. One with credentials in
 * it is refused, unrepeated.
 */
export function parseRegistry(registry: string | readonly string[]): RegistrySettings {
  const texts = (typeof registry === 'string' ? [registry] : registry).flatMap(text => text.split(','))
  const urls = texts.map(text => text.trim()).filter(text => text !== '')
  if (urls.length === 0) throw notRegistry('none')
  return { urls: urls.map(parseAddress) }
}

function parseAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (text.includes('@')) {
    throw new ObslabError(
      'option-invalid',
      'The address of a schema registry must not contain credentials: shells and logs keep it. Set ' +
        'OBSLAB_REGISTRY_USERNAME and OBSLAB_REGISTRY_PASSWORD instead.',
    )
  }
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '')
    throw notRegistry(`'${text.split(/[?#]/)[0]}'`)
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

function notRegistry(found: string): ObslabError {
  return new ObslabError(
    'option-invalid',
    `Expected registry to be the address of a schema registry such as http://host:8081, found ${found}.`,
  )
}

/** The registry that OBSLAB_REGISTRY names, or undefined. */
export function environmentRegistry(environment: Environment): RegistrySettings | undefined {
  const { OBSLAB_REGISTRY: registry } = environment
  return registry === undefined || registry === '' ? undefined : parseRegistry(registry)
}

/** A registry's settings with the login of OBSLAB_REGISTRY_USERNAME and OBSLAB_REGISTRY_PASSWORD where it has none. */
export function withEnvironmentLogin(settings: RegistrySettings, environment: Environment): RegistrySettings {
  const { OBSLAB_REGISTRY_USERNAME: username, OBSLAB_REGISTRY_PASSWORD: password } = environment
  if (settings.credentials !== undefined || username === undefined || password === undefined) return settings
  return { ...settings, credentials: { username, password } }
}

/**
 * The registry that a Java `client.properties` file names: `schema.registry.url`, and `basic.auth.user.info`
 * (`user:password`), the URL itself or the SASL user, as `basic.auth.credentials.source` says. `sasl` gives that user.
 */
export function registryOfProperties(
  properties: ReadonlyMap<string, string>,
  sasl: (() => Credentials) | undefined,
): RegistrySettings | undefined {
  const text = properties.get('schema.registry.url')?.trim()
  if (text === undefined || text === '') return undefined
  const settings = parseRegistry(text.replace(/\/\/[^/@,]*@/g, '//'))
  const get = (name: string): string | undefined =>
    properties.get(`schema.registry.${name}`) ?? properties.get(name)
  const login = get('basic.auth.user.info') ?? unescapePercent(/\/\/([^/@,]*)@/.exec(text)?.[1] ?? '')
  if (get('basic.auth.credentials.source')?.trim().toUpperCase() === 'SASL_INHERIT')
    return { ...settings, credentials: sasl?.() }
  const at = login.indexOf(':')
  if (login === '') return settings
  if (at === -1) {
    throw new ObslabError(
      'option-invalid',
      'Expected basic.auth.user.info to be user:password, found no colon in it.',
    )
  }
  return { ...settings, credentials: { username: login.slice(0, at), password: login.slice(at + 1) } }
}
