package flow

import (
	"testing"
	"time"
)

func TestTicket_DueIsTheDayInTheWorkspace(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("Auckland", 13*3600)
	r := Request{Due: time.Date(2026, 11, 20, 12, 30, 0, 0, time.UTC)}
	s := scene{p: zonedPolicy{zone: zone}, r: &r}
	if got := s.dueHere().Format(time.DateOnly); got != "2026-11-21" {
		t.Errorf("due day = %s, want the day it is in the workspace, 2026-11-21", got)
	}
	if s.r = (&Request{}); !s.dueHere().IsZero() {
		t.Error("a request without a due time got one")
	}
}

// zonedPolicy knows only the zone.
type zonedPolicy struct {
	Policy
	zone *time.Location
}

func (p zonedPolicy) Zone() *time.Location { return p.zone }
