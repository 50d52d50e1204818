// Reads one case per line and answers one verdict per line, in the same order.
// The evaluator is found in the folder that is the one argument.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const load = createRequire(join(process.argv[1], 'package.json'))
const { allowedContextKeysForRequest, runSimulation, runUnsafeSimulation } = load('@cloud-copilot/iam-simulate')
const { createValidatedPolicy, validateTrustPolicy } = load('@cloud-copilot/iam-policy')

// Every account of an organisation has this one beside what guards it.
const full = { name: 'FullAWSAccess', policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } }

// A member of the context with one value is a text; with none or several, a list.
function contextOf(given) {
  const context = {}
  for (const [key, values] of Object.entries(given ?? {})) {
    context[key] = values.length === 1 && key.toLowerCase() !== 'aws:tagkeys' && key.toLowerCase() !== 'sts:transitivetagkeys' ? values[0] : values
  }
  return context
}

// Keeps what the vendor's table of actions names, what holds for every action, and the
// claims of an issuer, which no table can name.
async function byTable(c, context) {
  const [service, action] = c.action.split(':')
  const known = await allowedContextKeysForRequest(service, action, c.resource)
  const kept = {}
  for (const [key, value] of Object.entries(context)) {
    const lower = key.toLowerCase()
    const slash = lower.indexOf('/')
    const isClaim = lower.includes('.') && /:(aud|sub)$/.test(lower)
    const named = known.includes(lower) || (slash > 0 && known.some((k) => k.startsWith(lower.slice(0, slash + 1))))
    if (isClaim || named) kept[key] = value
  }
  return kept
}

// The statements that refused, each by the policy that it stands in.
function reasons(analysis) {
  const why = []
  const tell = (kind, part) => {
    if (!part) return
    for (const s of part.denyStatements ?? []) why.push(`${kind} denies by ${s.policyId ?? '?'}/${s.explain?.identifier ?? '?'}`)
    if (part.result === 'ImplicitlyDenied') why.push(`${kind} does not allow`)
  }
  tell('role policy', analysis.identityAnalysis)
  tell('session policy', analysis.sessionAnalysis)
  tell('boundary', analysis.permissionBoundaryAnalysis)
  tell('resource policy', analysis.resourceAnalysis)
  for (const level of analysis.scpAnalysis?.ouAnalysis ?? []) tell('service control policy', level)
  return why
}

// The evaluator takes an operator that there is not for one that does not match; AWS
// takes no such policy.
const operators = /^(ForAllValues:|ForAnyValue:)?(String(Not)?(Equals(IgnoreCase)?|Like)|(Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))(IfExists)?$|^Null$/

function checkOperators(documents) {
  for (const document of documents) {
    for (const statement of [document?.Statement ?? []].flat()) {
      for (const operator of Object.keys(statement.Condition ?? {})) {
        if (!operators.test(operator)) throw new Error(`there is no operator ${operator}`)
      }
    }
  }
}

async function judge(c) {
  checkOperators([c.session, c.resource_policy, ...[c.identity, c.boundary, c.scp].flatMap((all) => (all ?? []).map((p) => p.policy))])
  const simulation = {
    request: {
      principal: c.principal,
      action: c.action,
      resource: { resource: c.resource, accountId: c.account },
      contextVariables: contextOf(c.context)
    },
    identityPolicies: c.identity ?? [],
    serviceControlPolicies: [{ orgIdentifier: 'o-sample', policies: [full, ...(c.scp ?? [])] }],
    resourceControlPolicies: [],
    resourcePolicy: c.resource_policy,
    permissionBoundaryPolicies: c.boundary,
    sessionPolicy: c.session
  }
  if (c.door) {
    simulation.resourcePolicy = createValidatedPolicy(c.resource_policy, validateTrustPolicy, { name: 'trust' })
    if (simulation.resourcePolicy.errors.length > 0) throw new Error(JSON.stringify(simulation.resourcePolicy.errors))
    if (c.door === 'table') simulation.request.contextVariables = await byTable(c, simulation.request.contextVariables)
    const result = runUnsafeSimulation(simulation, {})
    return { allowed: result === 'Allowed', result }
  }
  const got = await runSimulation(simulation, {})
  if (got.resultType === 'error') throw new Error(JSON.stringify(got.errors))
  const parts = got.resultType === 'single' ? [got.result] : got.results
  return {
    allowed: got.overallResult === 'Allowed',
    result: got.overallResult,
    why: [...new Set(parts.flatMap((p) => reasons(p.analysis)))],
    ignored: [...new Set(parts.flatMap((p) => p.ignoredContextKeys ?? []))]
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer
  try {
    answer = await judge(JSON.parse(line))
  } catch (e) {
    answer = { allowed: false, result: '', error: String(e?.message ?? e) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}
