// Package slack connects signoff with one Slack workspace over HTTP: events, interactions and commands come in at one
// hook, cards and notices go out through the Web API.
//
// It speaks Slack's wire and decides nothing: who may approve what is said by the core, and a refusal comes back as an
// effect. It does not listen on sockets, unfurl links, fill the App Home or follow conversations.
//
// Shapes of the keys in a flow.Ref of this instance:
//
//	user     TEAM/USER        an account; TEAM is the account's own workspace
//	bot      TEAM/BOT         an app that wrote without a user
//	channel  TEAM/CHANNEL     a channel or a direct conversation; "#name" where only a name is known
//	thread   TEAM/CHANNEL/TS  a thread, named by its first message
//	message  TEAM/CHANNEL/TS  one message
package slack
