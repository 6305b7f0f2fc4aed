// Package slack connects signoff with Slack: events, interactions and commands come in at one hook or through a socket,
// cards, notices, comments and files go out through the Web API.
//
// It speaks Slack's wire and decides nothing: who may approve what is said by the core, and a refusal comes back as an
// effect. Words and files in threads are told as they come; whether a request belongs to them is the engine's to say.
//
// Shapes of the keys in a flow.Ref of this instance:
//
//	user     TEAM/USER        an account; TEAM is the account's own workspace
//	bot      TEAM/BOT         an app that wrote without a user
//	channel  TEAM/CHANNEL     a channel or a direct conversation; "#name" where only a name is known
//	thread   TEAM/CHANNEL/TS  a thread, named by its first message
//	message  TEAM/CHANNEL/TS  one message
//	file     TEAM/FILE        a file that Slack keeps
package slack
