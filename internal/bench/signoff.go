package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// signoff is measured as people run it: the real binary, `signoff serve`, with a configuration of its own.
const configuration = `version: 1
workspace: {name: Bench, time_zone: Europe/London, key_prefix: CR, calendar: london}
rules: [rules.yaml]
server: {listen: "127.0.0.1:0", admin_listen: "127.0.0.1:0"}
store: {path: %[1]s}
connectors:
  slack:
    mode: http
    signing_secret: %[2]s
    bot_token: xoxb-bench-7261354
    api_url: %[3]s/api/
    team_id: %[4]s
    app_id: %[5]s
tracker:
  use: jira
  jira:
    url: %[6]s
    user: signoff-bot@lumen.example
    token: bench-token-7261354
    webhook_secret: b58c0f7e61d24a93
    projects:
      DES:
        issue_type: Task
        fields: {due: Due date}
        status: {intake: To Do, in_progress: In Progress, in_review: In Review, approved: Done}
`

// reviewers is how many people have a copy of the card in the refresh.
const reviewers = 10

const ruleFile = `version: 1
calendars:
  london: {time_zone: Europe/London, hours: {mon-fri: "09:00-17:30"}}
people:
  ana: {name: Ana Reyes, email: ana@lumen.example, calendar: london, slack: U0BENCHANA, jira: "712020:ana"}
%s
groups:
  crowd: [%s]
templates:
  campaign-banner:
    label: Banner
    title: "{{ .brand | default \"Brand?\" }}: {{ .subject }}"
    ask_for:
      - {field: brand, choices: [Lumen, Nova], required: true}
      - {field: due, type: date, required: true}
      - {field: sizes, type: list}
workflows:
  crowd:
    stages:
      - {name: Review, reviewers: "group:crowd", needs: 1, time_limit: 8 working hours}
rules:
  - name: Ignore bots
    match: {author: bot}
    do: ignore
  - name: Review at once
    match: {text: {contains: [urgent]}}
    do: {project: DES, workflow: crowd}
  - name: Banners
    match: {source: slack, channel: ["#design-requests"], text: {contains: [banner, ad, display]}}
    do: {template: campaign-banner, project: DES, workflow: crowd, assign: {to: ana}}
  - name: Everything else
    do: {project: DES, assign: {to: ana}}
`

// reviewer is the Slack account of the nth reviewer.
func reviewer(n int) string { return fmt.Sprintf("U0BENCHR%02d", n) }

func rulesText() string {
	var people, group []string
	for n := range reviewers {
		name := fmt.Sprintf("reviewer%02d", n)
		people = append(people, fmt.Sprintf("  %s: {name: Reviewer %02d, email: %s@lumen.example, calendar: london, slack: %s, jira: \"712020:%s\"}", name, n, name, reviewer(n), name))
		group = append(group, name)
	}
	return fmt.Sprintf(ruleFile, strings.Join(people, "\n"), strings.Join(group, ", "))
}

// start runs signoff over an empty store against the stand-ins.
func (b *bench) start(o *outside) (*child, error) {
	if b.signoff == "" {
		if err := b.build(); err != nil {
			return nil, err
		}
	}
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf(configuration, filepath.Join(dir, "signoff.db"), signingSecret, o.slack.base(), teamID, appID, o.jira.base())
	file := filepath.Join(dir, "config.yaml")
	if err := errors.Join(os.WriteFile(file, []byte(config), 0o600), os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(rulesText()), 0o600)); err != nil {
		return nil, err
	}
	return spawn(b.ctx, program{path: b.signoff, dir: dir, args: []string{"serve", "-c", file}, profile: b.profileFile()})
}
