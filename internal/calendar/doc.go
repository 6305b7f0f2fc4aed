// Package calendar knows working time: zones, weekly hours, country holidays
// and closures of one team, "n working hours or days from t", the share of a
// time limit, and the slots of a cron line named by their local label.
//
// Everything is a pure function of its arguments: no clock, no files, no
// shared state. A Calendar and a Schedule never change once made, so any
// number of goroutines may use them.
//
// Local times are read by one rule, everywhere in this package:
//
//   - A local time that the clocks skip (spring) means the first valid moment
//     after the gap.
//   - A local time that the clocks repeat (autumn) means its first occurrence.
//
// A working window is therefore one unbroken stretch of real time between two
// such moments: a night shift is an hour shorter in spring and an hour longer
// in autumn.
//
// Holidays and closures are known for the years 2000 to 2099; other years have
// weekly hours only. Instants before 1980 or after 2200 count as the nearest of
// the two, and no search looks further than five years.
package calendar
