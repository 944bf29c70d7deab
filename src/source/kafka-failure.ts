import { ObslabError } from '../errors.js'
import type { BrokerAddress } from './kafka-options.js'

/** What the first bytes of a plaintext connection showed: a TLS alert, an HTTP answer, or nothing of note. */
export type Sniffed = 'tls' | 'http' | null

/** What is known about the connection that failed. */
export interface ConnectAttempt {
  address: BrokerAddress
  config: { readonly ssl: boolean; readonly mechanism: string | undefined }
  sniffed: Sniffed
}

/** What an error of Node, OpenSSL or kafkajs may carry. */
interface Trouble {
  name: string
  message: string
  code: string | undefined
  type: string | undefined
}

/** `host:port`, IPv6 hosts in brackets. */
export function formatAddress({ host, port }: BrokerAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Whether trying again may help: the broker could not be reached, but refused nothing. */
export function isTransient(error: unknown): boolean {
  return error instanceof ObslabError && error.code === 'broker-unreachable'
}

/** Why a connection could not be made, as a sentence. Messages of the broker are not repeated. */
export function connectFailure(cause: unknown, attempt: ConnectAttempt): ObslabError {
  if (cause instanceof ObslabError) return cause
  const at = formatAddress(attempt.address)
  const { ssl, mechanism } = attempt.config
  const trouble = readTrouble(cause)
  const refused = (message: string): ObslabError => new ObslabError('broker-refused', message, { cause })
  const unreachable = (message: string): ObslabError =>
    new ObslabError('broker-unreachable', message, { cause })

  if (attempt.sniffed === 'tls')
    return refused(
      `Expected a plaintext Kafka port at ${at}, found one that speaks TLS: add ssl=true (and ca=<file> when the certificate is your own).`,
    )
  if (attempt.sniffed === 'http')
    return refused(`Expected a Kafka broker at ${at}, found an HTTP server: check the port.`)
  if (isSasl(trouble)) return saslFailure(trouble, at, mechanism, refused)
  const certificate = certificateTrouble(trouble)
  if (certificate !== null) return refused(`The TLS certificate of ${at} is not accepted: ${certificate}`)
  if (ssl && /WRONG_VERSION_NUMBER|wrong version number/.test(`${trouble.code} ${trouble.message}`))
    return refused(
      `Expected a Kafka port with TLS at ${at}, found one that does not speak TLS: use its TLS port, or leave out ssl=true.`,
    )
  if (ssl && /alert/i.test(trouble.message))
    return refused(
      `The broker at ${at} ended the TLS handshake (${trouble.code ?? 'alert'}): it may want a client certificate; give cert=<file> and key=<file>.`,
    )
  if (ssl && (isReset(trouble) || isTimeout(trouble)))
    return unreachable(
      `No broker answered with TLS at ${at}: the connection ended before the handshake did. Check that this is the TLS port; for a plaintext port leave out ssl=true.`,
    )
  return unreachable(`No broker answered at ${at}: ${reason(trouble)}. ${advice(trouble)}`)
}

/** Why a request got no answer, as a sentence. */
export function requestFailure(
  cause: unknown,
  { address, apiName }: { address: BrokerAddress; apiName: string },
): ObslabError {
  if (cause instanceof ObslabError) return cause
  const trouble = readTrouble(cause)
  const at = formatAddress(address)
  if (isSasl(trouble))
    return saslFailure(
      trouble,
      at,
      undefined,
      message => new ObslabError('broker-refused', message, { cause }),
    )
  return new ObslabError(
    'broker-unreachable',
    `The broker at ${at} did not answer a ${apiName} request: ${reason(trouble)}. Check that it runs and try again.`,
    { cause },
  )
}

/** The error codes of Kafka's protocol that obslab tells apart. */
export const protocolError = {
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  invalidTopic: 17,
  topicAuthorizationFailed: 29,
} as const

/** Codes that pass by themselves: a leader changes, a log is moved, a broker catches up. */
const passing: ReadonlySet<number> = new Set([3, 5, 6, 7, 9, 13, 56, 74, 75, 78])

/** Whether a protocol error code passes by itself once the metadata is fresh. */
export function isPassing(errorCode: number): boolean {
  return passing.has(errorCode)
}

/** The error for a protocol error code that does not pass by itself. */
export function protocolFailure(
  errorCode: number,
  apiName: string,
  topic: string,
  partition?: number,
): ObslabError {
  const position = { topic, ...(partition !== undefined && { partition }) }
  if (errorCode === protocolError.topicAuthorizationFailed)
    return new ObslabError(
      'broker-refused',
      `The broker does not let this user read topic ${topic}: ask for the READ and DESCRIBE permissions on it, or use another user.`,
      { position },
    )
  if (errorCode === protocolError.corruptMessage)
    return new ObslabError(
      'batch-corrupt',
      `The broker found a batch of topic ${topic} corrupt on its own disk: see the broker's log.`,
      { position },
    )
  return new ObslabError(
    'broker-refused',
    `The broker answered a ${apiName} request for topic ${topic} with Kafka's error code ${errorCode} (see kafka.apache.org/protocol#protocol_error_codes).`,
    { position },
  )
}

function saslFailure(
  { message, type }: Trouble,
  at: string,
  mechanism: string | undefined,
  refused: (message: string) => ObslabError,
): ObslabError {
  const sasl = mechanism === undefined ? 'SASL' : `SASL ${mechanism}`
  if (type === 'ILLEGAL_SASL_STATE')
    return refused(
      `Expected a Kafka port with SASL at ${at}, found one that takes no credentials: use its SASL port, or leave out sasl=.`,
    )
  if (type === 'UNSUPPORTED_SASL_MECHANISM' || /mechanism is not supported/.test(message))
    return refused(
      `The broker at ${at} does not offer ${sasl}: choose one of its mechanisms with sasl= (its sasl.enabled.mechanisms says which).`,
    )
  return refused(
    `The broker at ${at} did not accept the credentials (${sasl}): check the user name, the password and the mechanism.`,
  )
}

function isSasl({ name, type, message }: Trouble): boolean {
  return (
    (name === 'KafkaJSSASLAuthenticationError' || /SASL/.test(type ?? '')) &&
    !/Connection error|Not connected|losed connection|onnection closed/.test(message)
  )
}

function certificateTrouble({ code = '', message }: Trouble): string | null {
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED/.test(code))
    return "it is not signed by an authority known here. Give the authority's certificate with ca=<PEM file>."
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'it was made for another host name. Use the name it was made for, or check-hostname=false if you trust it nevertheless.'
  if (/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/.test(code)) return 'it is not valid today. Renew it.'
  if (/^CERT_/.test(code)) return `${message.replace(/^Connection error: /, '')}.`
  return null
}

function isReset({ code, message }: Trouble): boolean {
  return code === 'ECONNRESET' || /disconnected before secure|socket hang up/.test(message)
}

function isTimeout({ name, message }: Trouble): boolean {
  return name === 'TimeoutError' || message === 'Connection timeout'
}

function reason(trouble: Trouble): string {
  const { code, message } = trouble
  if (code === 'ECONNREFUSED' || /ECONNREFUSED/.test(message)) return 'nothing listens there'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name is not known'
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'there is no route to the host'
  if (isTimeout(trouble)) return 'it did not answer in time'
  return 'the connection was closed'
}

function advice(trouble: Trouble): string {
  switch (reason(trouble)) {
    case 'nothing listens there':
      return 'Check that the broker runs and that the port is right.'
    case 'the host name is not known':
      return 'Check the name, and from which network it can be resolved.'
    default:
      return 'Check the address, the firewall, and whether the port wants TLS (ssl=true).'
  }
}

function readTrouble(error: unknown): Trouble {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  if (!(error instanceof Error)) return { name: '', message: String(error), code: undefined, type: undefined }
  return {
    name: error.name,
    message: error.message,
    code: text(Reflect.get(error, 'code')),
    type: text(Reflect.get(error, 'type')),
  }
}
