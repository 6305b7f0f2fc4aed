// Package jira is a strict stand-in for Jira over the wire, for Cloud and for Data Center: REST version 2, files, signed
// webhooks and a search index that lags behind. `signoff demo` and the tests talk to it as they would to the real site.
//
// It is written from Atlassian's published API description and from recorded payloads, not from a client
// library, and it refuses what the real site refuses: unknown body keys, fields that are not on the screen,
// unbounded searches, removed endpoints, wrong content types. It keeps everything in memory and knows
// nothing about requests, reviewers or rules.
//
// Pages serves a small board on the same data, on which a person acts as one of the site's users; whatever
// happens there reaches the product as a webhook, exactly like a change made through the API.
package jira
