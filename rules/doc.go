// Package rules is the language in which a studio says how it works: people and calendars, what a request looks
// like, how it is approved, who is reminded, and which rule applies to what arrives.
//
// Compile reads rule files into an immutable Set and reports every problem at once, each with its place. A Set
// routes new requests (Route), serves forms (Types, Prefill, Validate), explains itself (Explain) and judges open
// requests as a flow.Policy (Policy). Everything here is pure: no clock, no I/O, no randomness; time arrives in
// events and what other requests know arrives as flow.Answers.
package rules
