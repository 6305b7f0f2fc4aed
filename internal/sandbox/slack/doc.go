// Package slack is a strict stand-in for Slack on the wire: the Web API, the response addresses, signed events, interactions and
// commands over HTTP or Socket Mode, files, unfurls, the installation by people, and the pages of small workspaces in which people act.
//
// It is written from Slack's documented contract and from recorded payloads, speaks bytes, and shares no type with any client library. It
// refuses what Slack refuses, in Slack's words. What it does not do: conversations between two people, installations for a whole
// organization, and one channel seen from two workspaces at once.
package slack
