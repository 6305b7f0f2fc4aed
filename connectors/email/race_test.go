//go:build race

package email_test

// slow is by how much the race detector and tests beside this one slow it down.
const slow = 10
