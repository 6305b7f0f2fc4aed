// Package slack is a strict stand-in for Slack on the wire: the Web API, the response addresses, signed
// events, interactions and commands, and the pages of a small workspace in which people act.
//
// It is written from Slack's documented contract and from recorded payloads, speaks bytes, and shares no
// type with any client library. It refuses what Slack refuses, in Slack's words. What it does not do:
// files, link unfurling and Socket Mode.
package slack
