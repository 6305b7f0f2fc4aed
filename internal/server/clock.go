package server

import (
	"fmt"
	"strings"
	"time"
)

// clock says instants in somebody's zone.
type clock struct {
	zone *time.Location
	now  time.Time
}

// moment is an instant as a page shows it.
type moment struct {
	ISO  string // for machines
	Text string // Wed 18 Nov, 15:00
	Full string // with year, seconds and zone
	For  string // how long it is past: 3 h
	Past bool
}

// at returns nil for an instant that has not come to be.
func (c clock) at(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	local := t.In(c.zone)
	layout := "Mon 2 Jan, 15:04"
	if local.Year() != c.now.In(c.zone).Year() {
		layout = "Mon 2 Jan 2006, 15:04"
	}
	return &moment{
		ISO: t.UTC().Format(time.RFC3339), Text: local.Format(layout), Full: local.Format("Monday 2 January 2006, 15:04:05 ") + c.place(t),
		For: c.lasted(t), Past: t.Before(c.now),
	}
}

// place is the zone's name as people say it: its city with the abbreviation, or the abbreviation alone.
func (c clock) place(t time.Time) string {
	abbr, _ := t.In(c.zone).Zone()
	_, city, ok := strings.Cut(c.zone.String(), "/")
	if !ok {
		return abbr
	}
	if i := strings.LastIndexByte(city, '/'); i >= 0 {
		city = city[i+1:]
	}
	return fmt.Sprintf("%s (%s)", strings.ReplaceAll(city, "_", " "), abbr)
}

// lasted says how long an instant is past, in clock time.
func (c clock) lasted(t time.Time) string {
	d := c.now.Sub(t)
	if d < time.Minute {
		return "a moment"
	}
	return spell(d)
}

func spell(d time.Duration) string {
	switch {
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
