package main

import (
	"fmt"
	"strings"
)

const exampleHead = `# yaml-language-server: $schema=%s/config.schema.json
# signoff configuration: wiring and secrets. How the studio works stands in the rule files.
# Copy to config.yaml, then run:  signoff check
# ${NAME} reads an environment variable, ${file:/path} reads a file. Secrets never belong here.
version: 1

workspace:
  name: Lumen Studio
  time_zone: Europe/London          # used when a person has none of their own
  language: en
  week_starts: monday
  key_prefix: CR                    # requests are called CR-142
  calendar: london                  # where a rule needs "the studio's" working time
  date_order: day-first             # how "03/12" is read: day-first | month-first

mode: live                          # live | shadow (decide, write nothing outside)
rules: [%s]   # tests of rules (*_test.yaml) are left out; read again on SIGHUP, and a broken file never replaces a good one

server:
  listen: ":8080"                   # webhooks, pages, API
  admin_listen: "127.0.0.1:9090"    # /metrics /healthz /readyz
  public_url: https://signoff.lumen.example
  # trusted_proxies: [10.0.0.0/8]   # whose X-Forwarded-For is believed

api:
  tokens:
    scripts: ${SIGNOFF_API_TOKEN}   # reads, submits, replays; votes only with {token: …, as: ana}

store:
  driver: bbolt
  path: %s
  # key: ${file:/data/signoff.key}  # 32 random bytes: seals what travels outside; without it one is made beside the store (0600)
  # max_size_mb: 4096               # new events are refused with 503 beyond it; reading goes on

connectors:
`

const exampleTail = `
autofill:
  provider: rules                   # what people write fills their forms: rules reads it alone, openai-compatible asks a model too
  # base_url: https://llm.lumen.example/v1   # with openai-compatible: any server that speaks chat completions
  # model: qwen3:8b
  # api_key: ${AUTOFILL_KEY}
  # timeout: 3 seconds              # then the rules' own reading stands

# triage: "#creative-ops"           # who looks after what no rule places, and mail from strangers: a channel, or a group (default: group:ops)

# limits:                           # a rule that suddenly says far more than usual is paused, and triage is asked
#   messages_a_minute: 30           # a burst is so many within a minute (0: never paused),
#   messages_an_hour: 300           # more than these within an hour,
#   times_usual: 5                  # and more than so many times what its busiest hours have
#   pause: 2 hours                  # then it goes on where nobody answers

privacy:
  raw_events: 30 days               # how long deliveries are kept as they came

log: {level: info, format: auto}    # auto: text on a terminal, JSON elsewhere
`

// exampleConfig is config.example.yaml: what exists in this version and nothing else. The settings of the connectors
// come from the connectors. schemas is the folder of the schemas.
func exampleConfig(rules, store, schemas string) string {
	k := kinds()
	var b strings.Builder
	fmt.Fprintf(&b, exampleHead, schemas, rules, store)
	b.WriteString("  slack:\n" + indent(k["slack"].Example, "    "))
	b.WriteString("\n  email:\n    enabled: false                   # take this line out once the mailbox is there\n" + indent(k["email"].Example, "    "))
	b.WriteString("\n  figma:\n    enabled: false                   # take this line out once the account and its token are there\n" + indent(k["figma"].Example, "    "))
	b.WriteString("\n  adobe:\n    enabled: false                   # take this line out once the credentials are there\n" + indent(k["adobe"].Example, "    "))
	b.WriteString("\n  confluence:\n    enabled: false                   # take this line out once the account and its token are there\n" + indent(k["confluence"].Example, "    "))
	b.WriteString("\n  github:\n    enabled: false                   # take this line out once the token or app is there\n" + indent(k["github"].Example, "    "))
	b.WriteString("\ntracker:\n  use: jira                         # jira | github (issues) | embedded (kept in signoff itself)\n  jira:\n" + indent(k["jira"].Example, "    "))
	b.WriteString("  github:                           # only what use: names is read\n" + indent(k["github"].Example, "    "))
	b.WriteString("  embedded:\n" + indent(k["embedded"].Example, "    "))
	b.WriteString(exampleTail)
	return b.String()
}

func indent(text, by string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	if !strings.HasSuffix(b.String(), "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}
