// Command bench measures signoff beside small references of its own, in the same run and by turns, and prints one table:
// goal, reference, ours, ratio, holds or falls short.
//
// Absolute figures drift on shared machines, so every goal is a ratio: each round measures the reference and signoff one
// after the other, each as a fresh process over a fresh store, and the median of the rounds' ratios counts. The
// references are the least code that does the job: what a ratio says is the price of everything signoff does beyond it.
//
// One file per goal: ack.go (P1), storage.go (P2), endtoend.go (P4), refresh.go, idle.go. The program ends with 0 also
// when a goal falls short; with 1 only when it could not measure.
package main
