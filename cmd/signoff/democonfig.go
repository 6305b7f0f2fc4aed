package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"signoff/internal/sandbox/adobe/events"
	"signoff/rules/examples"
)

const demoConfig = `# The configuration of this demo, as signoff serve would read it.
version: 1
workspace:
  name: Lumen Studio
  time_zone: Europe/London
  calendar: london
  key_prefix: CR
rules: [rules/*.yaml]
server:
  public_url: %[1]s
api:
  tokens: {demo: {token: "${API_TOKEN}", as: dana}}
store:
  path: %[2]s
connectors:
  slack:
    api_url: %[1]s/demo/slack/api/
    signing_secret: ${SLACK_SIGNING_SECRET}
    bot_token: ${SLACK_BOT_TOKEN}
    emoji: ":art:"                  # reacting with it makes a draft of a message
    watch: ["#creative-asks"]       # every message there is offered as a draft
    unfurl: [%[3]s]
    home: true
    files: true
  github:
    api_url: %[1]s/demo/github/api/v3
    token: ${GITHUB_TOKEN}
    webhook_secret: ${GITHUB_WEBHOOK_SECRET}
    repositories: [lumen/site]
    commit_status: signoff
  figma:
    token: ${FIGMA_TOKEN}
    api_url: %[1]s/demo/figma
    site_url: %[1]s/demo/figma
    teams: ["1012345678901234567"]
  adobe:
    frameio:
      api_url: %[1]s/demo/adobe
      ims_url: %[1]s/demo/adobe
      site_url: %[1]s/demo/adobe
      account: 6f70f1bd-7e89-4a7e-b4d3-7e576585a181
      workspaces: [378fcbf7-6f88-4224-8139-6a743ed940b2]
      projects: [7e46e495-4444-4555-8649-bee4d391a997]
      client_id: signoff-demo-client
      client_secret: ${ADOBE_CLIENT_SECRET}
      signing_secrets: {signoff: "${FRAMEIO_ACTION_SECRET}"}   # of the button in Frame.io
      status: {field: Status, in_review: Needs Review, in_progress: In Progress, approved: Approved}
    events:
      api_url: %[1]s/demo/adobe
      ims_url: %[1]s/demo/adobe
      keys_url: %[1]s/demo/adobe
      journal_url: %[7]s            # read besides, so that what a webhook lost is found
      registration: %[8]s
      client_id: signoff-demo-client
      client_secret: ${ADOBE_CLIENT_SECRET}
    workfront:
      url: %[1]s/demo/adobe
      session: ${WORKFRONT_SESSION}
      auth_token: ${WORKFRONT_AUTH_TOKEN}
  confluence:
    url: %[1]s/demo/confluence
    user: signoff-bot@lumen.example
    token: ${CONFLUENCE_TOKEN}
  email:
    receive:
      imap: {host: 127.0.0.1, port: %[6]d, tls: none, user: requests@lumen.example, password: "${MAIL_PASSWORD}"}
      accept_from: ["*@lumen.example", "*@agency.example"]   # others are held back until somebody lets them in
      authserv_id: mx.lumen.example
    send:
      smtp: {host: 127.0.0.1, port: %[5]d, tls: none, user: requests@lumen.example, password: "${MAIL_PASSWORD}"}
    from: "Lumen requests <requests@lumen.example>"
    reply_to: approvals@lumen.example
tracker:
  use: jira
  jira:
    url: %[1]s/demo/jira
    user: signoff-bot@lumen.example
    token: ${JIRA_TOKEN}
    webhook_secret: ${JIRA_WEBHOOK_SECRET}
    webhook: auto                   # signoff registers it by itself
    attachments: to thread          # files of the ticket come into the thread, too
    bypass: %[4]s                   # a ticket dragged past an open approval: flag | move back
    projects:
      DES:
        issue_type: Task
        fields:
          brand: Brand
          region: Region
          due: Due date
          priority: {field: Priority, values: {low: Low, normal: Medium, high: High}, owner: jira}
        status:
          intake: To Do
          in_progress: In Progress
          in_review: In Review
          approved: Done
          declined: {status: "Won't Do", fields: {resolution: "Won't Do"}}
log: {level: warn}
`

// demoPrint is a rule of the demo's own: what is printed is done elsewhere, so people look at it first. Its file is read before
// the studio's.
const demoPrint = `# yaml-language-server: $schema=../schema/rules.schema.json
version: 1
rules:
  - name: Print
    match: {text: {contains: [flyer, flyers, poster, posters, brochure]}}
    do: {project: DES, labels: [print, needs-triage]}
`

func (d *demo) write() error {
	if err := os.Mkdir(filepath.Join(d.dir, "rules"), 0o700); err != nil {
		return err
	}
	if err := d.writeRules(filepath.Join(d.dir, "rules")); err != nil {
		return err
	}
	text := fmt.Sprintf(demoConfig, d.base, filepath.Join(d.dir, "signoff.db"), d.host(), d.options.bypass, port(d.world.smtp), port(d.world.imap), d.world.adobe.Events.JournalURL(), events.RegistrationPath())
	return os.WriteFile(filepath.Join(d.dir, "config.yaml"), []byte(text), 0o600)
}

// writeRules writes the example studio, and a rule of the demo's own.
func (d *demo) writeRules(folder string) error {
	if d.options.rules != "" {
		return os.WriteFile(filepath.Join(folder, "studio.yaml"), []byte(d.options.rules), 0o600)
	}
	studio, err := examples.Files("studio")
	if err != nil {
		return err
	}
	for _, f := range studio {
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(f.Name)), pinned(f.Data), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "print.yaml"), []byte(demoPrint), 0o600)
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// pinned is a rules file with the accounts that people have in Figma and Frame.io, which show nobody's address.
func pinned(rules []byte) []byte {
	for _, one := range []struct{ name, figma, adobe string }{
		{"ana", "1310000000000000002", "56550002-859f-4b38-b6c6-e8625b5da8a5"}, {"ben", "1310000000000000003", "56550003-859f-4b38-b6c6-e8625b5da8a5"},
		{"chloe", "1310000000000000004", "56550004-859f-4b38-b6c6-e8625b5da8a5"}, {"dana", "1310000000000000005", "56550005-859f-4b38-b6c6-e8625b5da8a5"},
		{"eli", "1310000000000000006", "56550006-859f-4b38-b6c6-e8625b5da8a5"},
	} {
		mail := "email: " + one.name + "@lumen.example,"
		rules = bytes.Replace(rules, []byte(mail), fmt.Appendf([]byte(mail), " figma: %q, adobe: %s,", one.figma, one.adobe), 1)
	}
	return rules
}
