// Package floor holds no code, only tests: that imports point downward by the table of floors, that pure packages stay pure,
// that clocks, processes, registration and the comparison of signatures stay where they belong.
//
// A new package needs a row in table_test.go. A rule that gets in the way is changed there, with the reason in the commit.
package floor
