// Package jira keeps the tickets of requests in Jira, Cloud or Data Center.
//
// It speaks REST version 2, because rich text is then wiki markup in plain strings, through go-jira's client for
// transport and with types of its own where that library's do not fit the service. Every create carries its mark
// twice, as a label that search finds and as an issue property that proves it, so that a lost answer can be settled
// by looking. A ticket is only ever changed where the request changed since signoff last wrote it: what people edit
// in Jira stays. The editions differ in how people are named, in search and in what a create keeps; nothing else knows.
//
// Words of the thread are comments that follow their edits, files are streamed in both directions, and both leave a
// receipt before they leave, by which their echoes are known.
//
// Webhooks are believed by their signature, or by the secret end of their address where Jira cannot sign. What people
// do becomes events: moves, new keys, comments, files, the end of a ticket. What our own account did is recorded as an
// echo. The registration of the webhook is looked after where the account may.
package jira
