package rehearsal

import "signoff/rules"

// Codes of the problems of test files. What any YAML file of ours can get wrong has the codes of package source.
const (
	codeNoFile   = "SO320"
	codeName     = "SO321"
	codeTime     = "SO322"
	codeNow      = "SO323"
	codeVerb     = "SO324"
	codeGiven    = "SO325"
	codeSpan     = "SO326"
	codeTwice    = "SO327"
	codeTogether = "SO328"
	codeNothing  = "SO329"
)

// Codes lists what can be wrong with a test file, for `signoff explain SO321`.
func Codes() []rules.Code {
	return []rules.Code{
		{Code: codeNoFile, Title: "The rule files are not there", Text: "A test names the rule files it is about, relative to its own folder. A pattern such as *.yaml finds every rule file but the tests; it must find at least one.", Example: "rules: [studio.yaml]"},
		{Code: codeName, Title: "The rule files have nothing of this name", Text: "Tests speak of people, rules, workflows, stages, templates and fields by the names that the rule files give them. Somebody outside the people table may ask for work, and is known by the name that given: gives them.", Example: "expect: {rule: Banners, waiting_on: [ana, dana]}"},
		{Code: codeTime, Title: "This is not a time", Text: "Times are written as day and time in the test's time zone. The quotes keep YAML from reading them its own way.", Example: "now: \"2026-11-18 15:00\""},
		{Code: codeNow, Title: "The test does not say when it is", Text: "Due dates, reminders and time limits depend on the time, so every test has one: at the top of the file for all, or at the test. The clock moves only when a step says so.", Example: "now: \"2026-11-18 15:00\"\ntime_zone: Europe/London"},
		{Code: codeVerb, Title: "A step does one thing", Text: "A step is one verb, with what is expected after it. Several things are several steps, in their order.", Example: "- approves: {by: ana}\n  expect: {stage: Sign-off}"},
		{Code: codeGiven, Title: "A test begins in one way", Text: "given: says what comes in: a message in slack, an email, something in figma, adobe or github, a webhook, or a request that is there already.", Example: "given: {slack: {channel: \"#design-requests\", from: maya, text: Need a banner}}"},
		{Code: codeSpan, Title: "This is not a length of time", Text: "Lengths of time are written in words. Working time is counted in the calendar of whoever the request waits for.", Example: "wait: 4 working hours"},
		{Code: codeTwice, Title: "Two tests have one name", Text: "The name tells which test failed, and --run chooses by it.", Example: "Give each test a name of its own."},
		{Code: codeTogether, Title: "These expectations cannot both hold", Text: "Nothing was sent and something was sent; no request was made and the request has a workflow: one of the two is a mistake.", Example: "expect: {rule: Ignore bots and thanks, nothing_sent: true}"},
		{Code: codeNothing, Title: "The test expects nothing", Text: "A test without any expect: passes whatever happens, unless a step is refused.", Example: "expect: {status: in_review}"},
	}
}
