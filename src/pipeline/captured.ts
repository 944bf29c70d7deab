import type { Runtime } from 'node:inspector'
import { Session } from 'node:inspector'

type AnyFunction = (...parameters: never[]) => unknown

/**
 * What a function's names from outside stand for right now, read from its closure by V8's inspector: the function's
 * text has their names only. A name that is not among them is a global, or nothing.
 */
export class Captured {
  readonly #values: ReadonlyMap<string, unknown>

  private constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values
  }

  /** Reads what `names` stand for in `given`. Takes about a millisecond. */
  static of(given: AnyFunction, names: Iterable<string>): Captured {
    const wanted = new Set(names)
    if (wanted.size === 0) return new Captured(new Map())
    const values = readClosure(given, wanted)
    if (wanted.has('exports') && !values.has('exports')) {
      const { __tslab__: tslab } = globalThis as { __tslab__?: { exports?: unknown } }
      if (tslab?.exports !== undefined) values.set('exports', tslab.exports)
    }
    return new Captured(values)
  }

  /** Whether the name is one of the closure's. */
  has(name: string): boolean {
    return this.#values.has(name)
  }

  /** What the name stands for. */
  get(name: string): unknown {
    return this.#values.get(name)
  }
}

/** How the inspector's side hands real values back to this one. */
const handover = Symbol.for('obslab.captured')

function readClosure(given: AnyFunction, wanted: ReadonlySet<string>): Map<string, unknown> {
  const found = new Map<string, unknown>()
  const session = new Session()
  session.connect()
  const shared = globalThis as { [handover]?: { given: AnyFunction; found: Map<string, unknown> } }
  shared[handover] = { given, found }
  try {
    const expression = `globalThis[Symbol.for('obslab.captured')].given`
    const { result } = post<Runtime.EvaluateReturnType>(session, 'Runtime.evaluate', { expression })
    const closure = propertiesOf(session, result.objectId).internalProperties?.find(
      ({ name }) => name === '[[Scopes]]',
    )
    const scopes = propertiesOf(session, closure?.value?.objectId).result.filter(({ name }) =>
      /^\d+$/.test(name),
    )
    for (const { value: scope } of scopes) {
      if (scope === undefined || /^Global/.test(scope.description ?? '')) continue
      for (const { name, value } of propertiesOf(session, scope.objectId).result) {
        if (value === undefined || !wanted.has(name) || found.has(name)) continue
        handOver(session, result.objectId!, name, value)
      }
    }
  } finally {
    delete shared[handover]
    session.disconnect()
  }
  return found
}

function handOver(session: Session, objectId: string, name: string, value: Runtime.RemoteObject): void {
  const argument =
    value.objectId !== undefined
      ? { objectId: value.objectId }
      : value.unserializableValue !== undefined
        ? { unserializableValue: value.unserializableValue }
        : { value: value.value as unknown }
  post(session, 'Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: `function (name, value) { globalThis[Symbol.for('obslab.captured')].found.set(name, value) }`,
    arguments: [{ value: name }, argument],
  })
}

function propertiesOf(session: Session, objectId: string | undefined): Runtime.GetPropertiesReturnType {
  if (objectId === undefined) return { result: [] }
  return post(session, 'Runtime.getProperties', { objectId, ownProperties: true })
}

/** The inspector of the same thread answers before `post` returns. */
function post<T>(session: Session, method: string, parameters: object): T {
  let answer: { error: Error | null; result: unknown } | null = null
  session.post(method, parameters, (error, result) => {
    answer = { error, result }
  })
  const { error, result } = answer ?? { error: new Error(`${method} was not answered`), result: null }
  if (error) throw error
  return result as T
}
