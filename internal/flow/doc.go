// Package flow is the language of the product and its one machine: events, requests, stages, votes, views, effects
// and the total function Step that turns a request and an event into the next request and the effects it wishes for.
//
// Everything here is plain data and pure functions: no I/O, no clock, no randomness, no goroutines. Time arrives
// inside events, answers about the rest of the world inside Facts, and everything a ruleset or a directory knows
// through Policy. What does not apply changes nothing and says why.
package flow
