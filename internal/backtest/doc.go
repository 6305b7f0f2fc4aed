// Package backtest replays a recorded history under other rules and says what would have been different.
//
// Each request is folded twice by the machine that decides in production: once as it was, under the rules that it was
// opened by, and once as it would have been under the new ones. As long as both agree the second is exact: the same
// people are asked the same things and their recorded answers count. From the first difference on it is an estimate:
// people answer as fast as they did then, and who never was asked is taken to approve after the time that is usual for
// them.
//
// It reads records in the order in which they were decided, keeps only what is open, and does nothing outside: whoever
// calls it brings the records and prints the report.
package backtest
