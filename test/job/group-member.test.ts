import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isOlder, isSame, memberHolder, memberName } from '../../src/job/group-member.js'

const holder = { host: 'host-1.example.org', pid: 4711, since: 1_767_225_600_000 }

test('a member says job, host, process and since when', () => {
  expect(memberName('vitals', holder)).toBe('obslab/vitals@host-1.example.org#4711#1767225600000')
})

test('whatever job and host are called, a member is read back', () => {
  const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  fc.assert(
    fc.property(text, text, fc.nat(), fc.nat(), (job, host, pid, since) => {
      expect(memberHolder(job, memberName(job, { host, pid, since }))).toEqual({ host, pid, since })
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['another job', memberName('flat_obs', holder)],
  ['another client', 'rdkafka'],
  ['a host that is not encoded', 'obslab/vitals@%#1#2'],
  ['a process that is no number', 'obslab/vitals@host#x#2'],
])('%s is no instance of the job', (_, clientId) => {
  expect(memberHolder('vitals', clientId)).toBeNull()
})

test('of two instances exactly one is older, unless they are the same', () => {
  const some = fc.record({ host: fc.constantFrom('a', 'b'), pid: fc.nat(2), since: fc.nat(2) })
  fc.assert(
    fc.property(some, some, (a, b) => {
      expect(Number(isOlder(a, b)) + Number(isOlder(b, a))).toBe(isSame(a, b) ? 0 : 1)
    }),
    { numRuns: 100 },
  )
  expect(isOlder({ ...holder, since: 1 }, { ...holder, since: 2 })).toBe(true)
})
