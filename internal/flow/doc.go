// Package flow is the language of the product and its one machine: events, requests, stages, votes, views, effects
// and the total function Step that turns a request and an event into the next request and the effects it wishes for.
//
// Everything here is plain data and pure functions: no I/O, no clock, no randomness, no goroutines. Time arrives
// inside events, answers about the rest of the world inside Facts, and everything a ruleset or a directory knows
// through Policy. What does not apply changes nothing and says why.
//
// Step applies an event (one file per kind of event), settles stages, and reconciles (reconcile.go): everything that
// ought to be seen outside is built anew (wanted.go and the views) and the difference to what was last asked for is
// emitted. Whatever asks "may this person do that" goes through the judge methods, which May gives to connectors.
// docs/approvals.md tells the rules in words.
//
// What is said on one side is shown on the other as one more view (said.go, copied.go), files are carried (file.go), and
// a draft is a request of which nothing is seen but its offer (draft.go).
package flow
