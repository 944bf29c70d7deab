/** The classes in front of a message: `io.debezium.DebeziumException: java.sql.SQLSyntaxErrorException: …`. */
const javaClasses = /^(([\w$]+\.)+[\w$]+(: |$))+/
/** Settings whose values are never shown. */
const secret = /password|passwd|passphrase|secret|token|credential|jaas|private/i

/** A connector's configuration as far as {@link explain} needs it. */
export type ConnectorConfig = Readonly<Record<string, string>>

/**
 * What Connect said of a connector, in one sentence that says what to do where that is known: the message of a refused
 * configuration, or the stack trace of a task. Secrets of the configuration are not repeated.
 */
export function explain(said: string, config: ConnectorConfig): string {
  const reason = isTrace(said) ? causeOf(said) : refusalOf(said)
  const shown = hideSecrets(reason.trim(), config).replace(/[.:;,\s]+$/, '')
  const advice = adviceFor(shown, config)
  return advice === null ? `${shown}.` : `${shown}: ${advice}.`
}

/** The text without the values of settings that are secrets. */
export function hideSecrets(text: string, config: ConnectorConfig): string {
  let hidden = text
  for (const [key, value] of Object.entries(config)) {
    if (secret.test(key) && value !== '' && !value.startsWith('${')) hidden = hidden.replaceAll(value, '•••')
  }
  return hidden
}

function isTrace(said: string): boolean {
  return javaClasses.test(said) || /\n\s+at /.test(said)
}

/** The message of the innermost cause that has one; an inner cause without any is named behind it. */
function causeOf(trace: string): string {
  const causes = trace.split('\n').filter((line, i) => i === 0 || line.startsWith('Caused by: '))
  const messages = causes.map(line => line.replace(/^Caused by: /, '').replace(javaClasses, ''))
  const told = messages.findLastIndex(message => message !== '')
  if (told === -1) return trace.split('\n')[0]!
  if (told === causes.length - 1) return messages[told]!
  const inner = /([\w$]+)$/.exec(causes.at(-1)!.trim())?.[1]
  return `${messages[told]!.replace(/\.$/, '')} (${inner})`
}

/** Connect's messages of a refused configuration are several lines: what is wrong stands between two that frame it. */
function refusalOf(message: string): string {
  const plugins = /available connectors are: (.*)$/s.exec(message)
  if (plugins !== null) {
    const found = [...(plugins[1] ?? '').matchAll(/klass=class ([\w.$]+)/g)].map(([, name]) => name)
    const asked = /which name matches ([\w.$]+)/.exec(message)?.[1] ?? 'the connector asked for'
    return `the worker has no ${asked}, it has ${found.join(', ') || 'none'}`
  }
  const lines = message
    .replace(/^.*contains the following \d+ error\(s\):\n/s, '')
    .replace(/\nYou can also find the above list of errors.*$/s, '')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('The last packet'))
  return lines.map(line => line.replace(/\.$/, '')).join('; ')
}

const advices: readonly [found: RegExp, advice: (config: ConnectorConfig) => string][] = [
  [
    /Access denied for user/,
    ({ 'database.password': password = '' }) =>
      password.startsWith('${')
        ? `check database.user, and that the worker knows ${password} (its config.providers and environment)`
        : 'check database.user and database.password',
  ],
  [
    /Communications link failure|Socket fail|Connection refused/i,
    config =>
      `check database.hostname and database.port, found ${config['database.hostname']}:${config['database.port']}, ` +
      'as the worker sees them',
  ],
  [/you need .* privilege/, () => 'grant it to the user that database.user names'],
  [
    /same server_uuid\/server_id/,
    () => 'another connector or replica has its database.server.id; give each its own',
  ],
  [
    /no longer available|Could not find first log file|purged/i,
    () =>
      'the binary log was purged while it was down; have it take a new snapshot (snapshot.mode=when_needed)',
  ],
]

function adviceFor(reason: string, config: ConnectorConfig): string | null {
  return advices.find(([found]) => found.test(reason))?.[1](config) ?? null
}
