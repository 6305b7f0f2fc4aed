// Package jira keeps the tickets of requests in Jira Cloud.
//
// It speaks REST version 2, because rich text is then wiki markup in plain strings, through go-jira's client for
// transport and with types of its own where that library's do not fit the service. Every create carries its mark
// twice, as a label that search finds and as an issue property that proves it, so that a lost answer can be settled
// by looking. A ticket is only ever changed where the request changed since signoff last wrote it: what people edit
// in Jira stays.
//
// Webhooks are believed by their signature alone. Moves and comments by people become events; what our own account
// did is recorded as an echo.
package jira
