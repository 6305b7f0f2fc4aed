// Package rehearsal plays tests of rules: files in which an ops manager writes what comes in, what people do, when, and
// what should have happened.
//
// Read parses such a file, Load checks it against a compiled ruleset, and Suite.Run plays every test through the engine that
// the server runs, on a store in memory, with a chat, a tracker and a mailbox that only write down what they are asked for.
// Time stands still until a step moves it. Nothing is sent, and nothing here routes or approves: what a test finds is what
// the server would do.
package rehearsal
