// Replays recorded Jira requests against a validating stand-in and lists what Atlassian's API description does not allow.
//
//   node replay.js REQUESTS.jsonl http://127.0.0.1:4010 [--all]
//
// Requests of one shape (method, path without ids, query names, body keys) are sent once unless --all is given. Three
// operations cannot be judged by prism and are left out: a multipart upload, the value of a property (any JSON), and
// fields of one issue type (the description's own example does not fit its schema). So are the webhooks of
// administrators and the search for workflows, which not every edition of the description holds.
import { readFileSync } from 'node:fs'

const [file, base, flag] = process.argv.slice(2)
if (!file || !base) {
  console.error('node replay.js REQUESTS.jsonl http://127.0.0.1:4010 [--all]')
  process.exit(2)
}

const unjudged = [/\/attachments$/, /\/properties\//, /\/createmeta\/[^/]+\/issuetypes\/[^/]+$/, /^\/rest\/webhooks\//, /\/workflow\/search$/]

function keysOf(value, depth = 0) {
  if (Array.isArray(value)) return value.length ? [keysOf(value[0], depth)] : []
  if (value === null || typeof value !== 'object' || depth > 4) return typeof value
  return Object.fromEntries(Object.keys(value).sort().map((k) => [k, keysOf(value[k], depth + 1)]))
}

function shape(r) {
  const path = r.path.replace(/\/\d+(?=\/|$)/g, '/N').replace(/\/[A-Z][A-Z0-9_]+(-\d+)?(?=\/|$)/g, '/K')
  const query = [...new URLSearchParams(r.query ?? '').keys()].sort().join('&')
  let body = r.body ?? ''
  try { body = JSON.stringify(keysOf(JSON.parse(body))) } catch { /* no JSON: as it is */ }
  return [r.method, path, query, body].join(' ')
}

async function judge(r) {
  const url = base + r.path + (r.query ? '?' + r.query : '')
  const headers = { Accept: 'application/json', Authorization: 'Basic ' + Buffer.from('bot@lumen.example:token').toString('base64') }
  if (r.contentType) headers['Content-Type'] = r.contentType
  const answer = await fetch(url, { method: r.method, headers, body: r.body || undefined, redirect: 'manual' })
  const text = await answer.text()
  if (answer.status === 404 && text.includes('NO_PATH_MATCHED')) return 'the description has no such path'
  if (answer.status === 405) return 'the description has no such method'
  const violations = JSON.parse(answer.headers.get('sl-violations') ?? '[]').filter((v) => v.location?.[0] === 'request')
  if (violations.length) return violations.map((v) => `${v.location.join('.')}: ${v.message}`).join('; ')
  const own = answer.status >= 400 && text.includes('request.') ? text.slice(0, 300) : ''
  return own
}

const seen = new Map()
let total = 0
for (const line of readFileSync(file, 'utf8').split('\n')) {
  if (!line.trim()) continue
  const r = JSON.parse(line)
  total++
  if (unjudged.some((p) => p.test(r.path)) || r.files) continue
  const key = flag === '--all' ? String(total) : shape(r)
  if (!seen.has(key)) seen.set(key, r)
}

let wrong = 0
for (const r of seen.values()) {
  const why = await judge(r)
  if (!why) continue
  wrong++
  console.log(`${r.method} ${r.path}${r.query ? '?' + r.query : ''}\n  ${why}\n  ${r.body ?? ''}`)
}
console.log(`${total} requests, ${seen.size} judged, ${wrong} not allowed`)
process.exit(wrong ? 1 : 0)
