// Package embedded is the tracker of studios without one: tickets with a key, a status, fields, comments and links,
// kept in signoff's own store.
//
// It fulfils the same contract as a tracker outside. Nobody moves a ticket here by hand: its statuses are the status
// words, and what a ticket shows is what its request says.
package embedded
