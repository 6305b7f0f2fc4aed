package rules

import (
	"slices"
	"strings"

	"signoff/internal/source"
)

// Code explains one kind of problem, for `signoff explain SO131` and docs/rule-codes.md.
type Code struct {
	Code    string
	Title   string
	Text    string
	Example string // what to write; YAML, or words
}

// Codes lists every code that Compile can report, in order.
func Codes() []Code {
	var all []Code
	for _, e := range source.Explanations() {
		all = append(all, Code{Code: e.Code, Title: e.Title, Text: e.Text})
	}
	all = append(all, nameCodes()...)
	all = append(all, valueCodes()...)
	all = append(all, conditionCodes()...)
	all = append(all, textCodes()...)
	all = append(all, warningCodes()...)
	slices.SortFunc(all, func(a, b Code) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// ExplainCode returns what is known of a code, in any case.
func ExplainCode(code string) (Code, bool) {
	for _, c := range Codes() {
		if strings.EqualFold(c.Code, strings.TrimSpace(code)) {
			return c, true
		}
	}
	return Code{}, false
}

func nameCodes() []Code {
	return []Code{
		{"SO120", "Something is given twice", "Rule files are merged by their top-level keys, so a name may appear once over all files: one person, one template, one rule of that name. The message names both places.", "Rename one of the two, or remove it."},
		{"SO121", "Nobody has this name", "Reviewers, groups, backups and assignments name people by their key under people:, and groups as group:<name>. Skills must belong to somebody who may be assigned.", "reviewers: [ana, group:legal]"},
		{"SO122", "There is no such calendar", "A person works by one of the calendars under calendars:, or without one by the workspace's.", "ana: {name: Ana Reyes, calendar: london}"},
		{"SO123", "There is nothing of this name", "Rules name templates, workflows, reminder plans and escalation chains, stages and texts by their key. The name must exist in one of the files.", "do: {workflow: standard, reminders: gentle}"},
		{"SO124", "This cannot be a name", "Names have letters, digits, \"-\", \"_\" and \".\". Fields have small letters, digits and \"_\", because conditions read them as request.<field>. Words such as requester and assignee have a meaning of their own.", "landing-page: {label: Landing page}"},
		{"SO125", "An address or account does not fit", "An e-mail address needs an @ and a domain; a Slack member id looks like U012AB3CD. No two people can share one: a vote is counted for the person whose account gave it.", "ana: {name: Ana Reyes, email: ana@lumen.example, slack: U012AB3CD}"},
		{"SO126", "The version of the files is not known", "The number tells which form of the language a file is written in.", "version: 1"},
	}
}

func valueCodes() []Code {
	return []Code{
		{"SO127", "Working hours do not fit", "Hours are given by day or run of days as \"09:30-18:00\", several a day as a list. Stretches of one day must not overlap.", "hours: {mon-thu: \"09:30-18:00\", fri: [\"09:30-12:00\", \"13:00-16:30\"]}"},
		{"SO128", "The time zone is not known", "Zones are named as the IANA database does, because only those know when clocks change. Abbreviations such as CET do not.", "time_zone: Europe/London"},
		{"SO129", "A holiday or a day cannot be read", "Holidays are country codes, some with a region; closed days are single days or runs of days with both ends.", "holidays: [gb]\nclosed: [\"2026-12-24..2027-01-01\"]"},
		{"SO130", "This is not a length of time", "Lengths of time are written in words with a number and a unit.", "8 working hours, 2 working days, 3 days, 30 minutes, 2 weeks, 8 clock hours"},
		{"SO131", "A length of time can be read two ways", "8h on a Friday afternoon may mean tonight or Monday. Say which: working time counts only while the calendar is open, clock time always.", "time_limit: 8 working hours"},
		{"SO132", "So many approvals cannot be reached", "A stage cannot need more approvals than it has reviewers, nor fewer than one. With four_eyes, which is the default, the requester and the assignee do not count. In \"2 of 3\" the second number must be the number of reviewers.", "needs: 2 of 3"},
		{"SO133", "The cron line cannot be used", "A line has five fields: minute, hour, day of the month, month, day of the week. Lines that never come, seconds, @words and time zones inside the line are refused; the zone stands in time_zone.", "cron: \"30 9 * * 1-5\"\ntime_zone: recipient"},
		{"SO134", "Parts do not go together, or a share is wrong", "A reminder comes either at a share of the time limit or by cron; assignments may pass over who is loaded beyond a share of their capacity.", "at: 50% of time limit\nlimit: 85% of capacity"},
		{"SO135", "A circle of based_on or after", "Templates and workflows may build on another one, but not on each other. A subtask may come after others, but not after itself, however long the way round.", "regulated: {based_on: standard, stages: […]}\n- {title: Export, after: [Artwork]}"},
		{"SO136", "The field cannot be asked for like this", "Some names every request has already (title, text, channel, type, priority, labels …); due must be a date; choices need a type that chooses.", "{field: brand, choices: [Lumen, Nova], required: true}"},
		{"SO137", "One field with two types", "Conditions read fields of every template by name, so brand cannot be a choice here and a number there.", "Rename one of the two fields."},
		{"SO138", "A veto without a seat", "Only a reviewer of the stage can have a veto in it.", "reviewers: group:legal\nveto: [eli]"},
		{"SO139", "The escalation step cannot come", "The first step comes at the time limit or a length of time after the stage began; later ones come so much later than the one before. Channels can be told, but cannot approve.", "- {after: time limit, tell: backup, and: may approve}\n- {after: 4 working hours more, tell: dana}"},
		{"SO161", "Everybody who would stand in is away too", "While somebody is away, their backup stands in; where that person is away too, theirs does, and so on, over five people at most. A chain that comes back to itself, or goes on for longer, ends with nobody.", "eli: {name: Eli Marsh, away: [\"2026-12-01..2026-12-05\"], backup: dana}"},
		{"SO160", "The comparison asks nothing", "Every key of match: needs something to compare with, and text needs to know how: contains looks for whole words, matches for a pattern, starts_with at the beginning.", "match: {text: {contains: [banner, ad]}}"},
	}
}

func conditionCodes() []Code {
	return []Code{
		{"SO140", "The condition cannot be read", "Conditions compare fields of the request: request.<field>, author.<field>. == compares, = does not. Words stand in double quotes inside the condition.", "if: request.budget > 5000 and request.region == \"EMEA\""},
		{"SO141", "This is not available in conditions", "Conditions see plain values and a short list of functions; they cannot build lists, loop over numbers or reach into anything. What comes out depends on the request alone.", "any(request.sizes, # == \"300x250\")"},
		{"SO142", "The condition is too large", "A condition may have 4 KB and 200 parts, 8 patterns, and no test of a list inside another, so that the worst one still takes a fraction of a second. Long conditions read better as several rules.", "Use match: for words, and if: for amounts and dates."},
		{"SO143", "Texts cannot be joined", "+ adds numbers and lengths of time. To compare two texts, write two comparisons.", "request.brand == \"Nova\" and request.region == \"EMEA\""},
		{"SO144", "The types do not fit", "Amounts and numbers compare with numbers, dates with dates, texts with texts in quotes, lists with in. A condition must come out true or false.", "request.budget > 5000, within(request.due, \"10 working days\"), \"claims\" in request.labels"},
		{"SO145", "The pattern cannot be read", "Patterns are regular expressions (RE2): no look-ahead and no back references, 1 KB at most. In double quotes write \\\\b for a word boundary.", "text: {matches: \"^(thanks|ta)\\\\b\"}"},
	}
}

func textCodes() []Code {
	return []Code{
		{"SO150", "The text cannot be read", "Values stand between {{ and }}; everything between has to be closed. A YAML text that starts with { needs quotes.", "title: \"{{ .brand }}: {{ .subject }}\""},
		{"SO151", "The text uses something that is not there", "Titles read the fields of their own template and .subject; messages read .request, .stage, .person, .waited, .due and .link. The functions are default, join, working, date, link and mention, besides comparisons.", "late: \"{{ .request.key }} has waited {{ .waited | working }}\""},
	}
}

func warningCodes() []Code {
	return []Code{
		{"SO200", "Nothing catches the rest", "A request that no rule matches gets no template, no workflow and nobody who does it. End with a rule that has no match.", "- name: Everything else\n  do: {assign: {to: dana}, labels: [needs-triage]}"},
		{"SO201", "A way to reach people is not configured", "The channel is known, but this installation has no connector for it; the message goes to the person directly instead.", "via: slack dm"},
		{"SO202", "project is ignored", "The embedded tracker has no projects.", "Take project out, or configure a tracker under tracker:."},
		{"SO203", "Time would decide", "on_timeout: approve or decline lets a request pass or fail because nobody looked. The record says so, but nobody answers for it.", "on_timeout: escalate"},
		{"SO204", "Backups go round in a circle", "If everybody in the circle is away, nobody is left. Two who stand in for each other are fine.", "ana: {name: Ana Reyes, backup: dana}"},
		{"SO205", "The rule can never apply", "Rules are tried from top to bottom and the first that matches wins. An earlier one accepts everything that this one does.", "Move the more particular rule up."},
		{"SO206", "The hour does not exist on one day of the year", "When clocks go forward an hour is skipped. The reminder then runs at the first minute that exists.", "cron: \"30 9 * * *\""},
		{"SO207", "It waits for a time limit that is not there", "on_timeout and escalation chains start from a stage's time_limit. Without one they never come.", "time_limit: 8 working hours"},
		{"SO209", "Nothing to escalate to", "A stage of the workflow says on_timeout: escalate, but the rule that uses it names no escalation chain. The stage then waits.", "do: {workflow: regulated, escalation: creative-lead}"},
		{"SO210", "Nothing comes from there", "match: {source: …} names where a request came from; this word is no source that is known, so the rule may never apply.", "match: {source: [slack, email]}"},
		{"SO211", "Two rules are about the same words", "Both accept a request with the words that the message names, neither is the more particular one, and they do different things. Rules are tried from top to bottom, so the upper one wins, for a reason that nobody sees in the lower one. Rules with if:, continue: or do: ignore are not compared.", "match: {text: {contains: [banner, ad]}}\nmatch: {text: {contains: [display, poster]}}"},
		{"SO212", "A stage is stuck while somebody is away", "While a reviewer is away their backup stands in, but one person counts once: a backup who is a reviewer already adds nothing. With four_eyes whoever made the work does not count either. The stage then waits until the reviewer is back.", "eli: {name: Eli Marsh, backup: jon}"},
		{"SO213", "The text cannot be printed", "check prints every title and message once with everything that a request can give, and once with nothing. Where one fails, people would get signoff's own words in its place. working wants a length of time such as .waited, date a date such as .due, join a list; fields of numbers and money are texts here.", "{{ .due | date }}, {{ .waited | working }}, {{ .sizes | join \", \" }}"},
		{"SO208", "The condition reads what is not asked for", "The fields of a condition are read with the rule's own template. That template does not have the field, so the condition holds only where another type was chosen in a form.", "Add the field to ask_for of the template."},
	}
}
