package flow

// Hours is the work that an open request still means for a person in the directory: what it is estimated at without the
// subtasks that others do and those that are done, for whoever makes it; for others the subtasks that are theirs. A request
// that says nothing counts as an hour.
func Hours(r Request, name string) float64 {
	makes := r.Assignee.Name == name
	var hours float64
	if makes {
		hours = 1
		if r.Effort > 0 {
			hours = r.Effort
		}
	}
	for _, p := range r.Parts {
		over := !p.Done.IsZero() || p.Gone != ""
		mine := p.Assignee.Name == name || makes && p.Assignee.ID() == ""
		switch {
		case makes && (over || !mine):
			hours -= p.Effort
		case !makes && mine && !over:
			hours += p.Effort
		}
	}
	return max(hours, 0)
}
