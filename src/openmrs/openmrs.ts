import { concept } from './concept.js'
import { conceptName } from './concept-name.js'
import { encounter } from './encounter.js'
import { encounterType } from './encounter-type.js'
import { location } from './location.js'
import { obs } from './obs.js'
import { orders } from './orders.js'
import { patient } from './patient.js'
import { patientIdentifier } from './patient-identifier.js'
import { person } from './person.js'
import { personAddress } from './person-address.js'
import { personName } from './person-name.js'
import { visit } from './visit.js'

/** The topics of OpenMRS, by their tables’ names. */
export const openmrs: {
  readonly concept: typeof concept
  readonly concept_name: typeof conceptName
  readonly encounter: typeof encounter
  readonly encounter_type: typeof encounterType
  readonly location: typeof location
  readonly obs: typeof obs
  readonly orders: typeof orders
  readonly patient: typeof patient
  readonly patient_identifier: typeof patientIdentifier
  readonly person: typeof person
  readonly person_address: typeof personAddress
  readonly person_name: typeof personName
  readonly visit: typeof visit
} = {
  concept,
  concept_name: conceptName,
  encounter,
  encounter_type: encounterType,
  location,
  obs,
  orders,
  patient,
  patient_identifier: patientIdentifier,
  person,
  person_address: personAddress,
  person_name: personName,
  visit,
}
