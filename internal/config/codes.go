package config

import "signoff/internal/source"

// Codes of the problems that only a configuration can have.
const (
	codeEmpty    = "SO300"
	codeVersion  = "SO301"
	codeZone     = "SO302"
	codePrefix   = "SO303"
	codeURL      = "SO304"
	codeToken    = "SO305"
	codeTracker  = "SO306"
	codeInstance = "SO307"
	codeLater    = "SO308"
	// CodeSetting is a connector's own complaint about one of its settings.
	CodeSetting = "SO309"
	// CodeSecrets says that two connectors share a signing secret.
	CodeSecrets = "SO310"
	// CodeRules says that a glob of rule files finds nothing.
	CodeRules = "SO311"
	// CodePerson says that a name is not in the directory.
	CodePerson = "SO312"
	// CodeUnsafe says that a file lies where others can write it.
	CodeUnsafe = "SO316"
	// CodeOpen says that a secret can be read by everybody on the machine.
	CodeOpen = "SO317"
	// CodeOnline says that a service knows better.
	CodeOnline = "SO315"
	codeQuiet  = "SO313"
)

// Explanations tells more about this package's codes, in order.
func Explanations() []source.Explanation {
	return []source.Explanation{
		{Code: codeEmpty, Title: "The configuration is empty", Text: "signoff needs at least version:, workspace: and rules:. signoff init writes a starter configuration with comments."},
		{Code: codeVersion, Title: "An unknown version of the configuration", Text: "This signoff reads version: 1. A higher number was written for a newer signoff; upgrade first."},
		{Code: codeZone, Title: "Not a time zone", Text: "Time zones are named by region and city, such as Europe/London or America/New_York. Abbreviations such as CET and offsets such as +01:00 know nothing of summer time and are refused."},
		{Code: codePrefix, Title: "A bad key prefix", Text: "Requests are called PREFIX-142. The prefix is 1 to 10 capital letters and should not be the key of a project in the tracker, so that nobody mistakes a request for a ticket."},
		{Code: codeURL, Title: "A bad address", Text: "Links in messages are built from server.public_url, never from what a request says about itself. Write the address with https:// as people open it."},
		{Code: codeToken, Title: "A token that could be guessed", Text: "Bearer tokens of the API need 16 characters or more of chance. Make one with: openssl rand -hex 32. Keep it in a file or a variable and write ${file:/path} or ${NAME}."},
		{Code: codeTracker, Title: "A tracker without settings", Text: "tracker.use names the connection that keeps tickets; its settings stand beside it under the same name. Without any, tickets are kept in signoff itself (embedded)."},
		{Code: codeInstance, Title: "A connection that signoff does not know", Text: "The key under connectors: is the connection's name and, unless kind: says otherwise, its kind. A second workspace is connectors.slack-emea: {kind: slack, …}, served at /hooks/slack-emea."},
		{Code: codeLater, Title: "Not part of this version", Text: "The key belongs to a part of signoff that this version does not have. It is ignored where that is harmless and refused where something would silently not happen."},
		{Code: CodeSetting, Title: "A setting that is refused", Text: "The message says what is needed. A connection whose secret is missing, empty, short or a placeholder is refused: an unchecked sender could decide in anybody's name."},
		{Code: CodeSecrets, Title: "Two connections share a secret", Text: "A message signed for one connection could then be played to the other. Give each its own secret."},
		{Code: CodeRules, Title: "No rule files", Text: "rules: lists files or patterns, relative to the folder of the configuration. Files that end in _test.yaml are tests and are left out."},
		{Code: CodeOnline, Title: "A service says otherwise", Text: "signoff check --online asked the service, and it does not have what the files name, does not let signoff see it, or does not let signoff do what the files want. The message says what the service said, the hint what to do."},
		{Code: CodeUnsafe, Title: "Everybody may write the file", Text: "Whoever may write the configuration or the rules decides who approves what. signoff does not read a file that every user of the machine may change. Take that right away: chmod o-w FILE."},
		{Code: CodeOpen, Title: "A secret that everybody can read", Text: "The file that ${file:…} names can be read by every user of the machine. Give it to the user of signoff alone: chmod 0400 FILE. Where a platform mounts secrets like this inside a container of its own, a comment # signoff:ignore SO317 says that it is known."},
		{Code: CodePerson, Title: "Nobody of that name", Text: "A token can stand only for a person whom the rule files list under people:, and triage only for a channel or a group that has somebody in it."},
		{Code: codeQuiet, Title: "Quiet hours that cannot be read", Text: "Quiet hours are one stretch of every day, over midnight where the end is the earlier: \"19:00-08:30\". What would be said then waits for the end."},
	}
}
